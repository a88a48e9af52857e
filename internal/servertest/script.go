// Package servertest starts the real server with a clock that is set by hand and
// talks HTTP with it, in scripts that read like a session (testdata/*.txtar).
// With the build tag faults it takes one defence after the other away and shows
// that the scripts notice.
//
// A script begins with serve and the apps and people it needs. Its commands:
//
//	serve [key=value …]          start the server; sets $URL
//	app NAME [flags]             countersign app create; sets $NAME and $NAME_SECRET
//	user NAME [flags]            countersign user create, with the password $PASSWORD; sets $NAME_ID
//	cli [-in TEXT] ARGS          any other command of countersign on the same data
//	pkce                         a fresh pair: $verifier and $challenge
//	post PATH [-u ID:SECRET] [-H "Name: value"] [-raw BODY] [name=value …]
//	get PATH [-u …] [-H …]
//	challenge APP [name=value …] the honest headless login of ann; sets $code
//	redeem APP [name=value …]    the honest redemption of $code; sets $access, $refresh, $id_token
//	refresh APP [name=value …]   the honest refresh; sets $access and $refresh
//	authorize APP [name=value …] the same in the Salesforce dialect, with the last pkce
//	follow, fetch URL            go on where the answer pointed
//	expect STATUS [ERROR] [RULE] what the last answer was
//	is MEMBER VALUE              what a member of its JSON is; - for absent
//	header NAME VALUE            what a header of it is; - for absent
//	take VAR MEMBER              keep a member; take VAR ?NAME keeps a parameter of Location
//	alive TOKEN, dead TOKEN      what introspection by its own app says
//	clock DURATION|stop          move the server's clock, or let it stand still
//	soon COMMAND                 first wait until the server looked at its data, a second at most
//	events NAME COUNT            how many audit events of that name there are
//
// Parameters of challenge, redeem and refresh come on top of the honest ones;
// name= leaves one out. "-" in place of an app's credentials leaves them out.
package servertest
