package admin

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"text/template"

	"countersign/internal/client"
	"countersign/internal/flow"
)

// Snippet is code that logs in through an app, ready to be pasted.
type Snippet struct {
	Lang  string `json:"lang"` // curl, go, typescript, swift, kotlin
	Title string `json:"title"`
	File  string `json:"file"` // what to call it
	Text  string `json:"text"`
}

// Place is where a snippet sends its requests.
type Place struct {
	Issuer string
	Secret string // of an app that was just made: shown this once, in the curl snippet; otherwise empty
}

//go:embed snippets/*.tmpl
var snippetFiles embed.FS

var snippetTexts = template.Must(template.New("").Funcs(template.FuncMap{
	"sh": shellWord, "str": strconv.QuoteToASCII, "kt": kotlinText,
}).ParseFS(snippetFiles, "snippets/*.tmpl"))

// shellWord is a word that a shell leaves as it is.
func shellWord(v string) string { return "'" + strings.ReplaceAll(v, "'", `'\''`) + "'" }

// kotlinText is a text of Kotlin, where $ begins a variable.
func kotlinText(v string) string { return strings.ReplaceAll(strconv.QuoteToASCII(v), "$", `\$`) }

var snippetLangs = []Snippet{
	{Lang: "curl", Title: "curl", File: "login.sh"},
	{Lang: "go", Title: "Go", File: "main.go"},
	{Lang: "typescript", Title: "TypeScript", File: "login.ts"},
	{Lang: "swift", Title: "Swift", File: "Login.swift"},
	{Lang: "kotlin", Title: "Kotlin", File: "Login.kt"},
}

// ErrNoSnippet says that the app cannot log anybody in as it is.
var ErrNoSnippet = errors.New("the app has no flow to write code for: switch on Authorization Code and Credentials or Client Credentials, and mark an app that collects passwords as first-party")

// snippetData is what the templates read.
type snippetData struct {
	Issuer, ClientID, Redirect, Scope, Secret string
	Confidential, Basic, Machine, Salesforce  bool
}

// Snippets are code for the app, with its real ids: for each language that suits
// it. A secret is read from the environment unless the app was made this moment.
// Errors: ErrNoSnippet.
func (d *Desk) Snippets(ctx context.Context, c *client.Client, at Place) ([]Snippet, error) {
	org, err := d.Apps.Org(ctx)
	if err != nil {
		return nil, fmt.Errorf("snippets: %w", err)
	}
	data, err := snippetOf(org, c, at, d.About.Salesforce)
	if err != nil {
		return nil, err
	}
	var out []Snippet
	for _, s := range snippetLangs {
		if !suits(c, s.Lang) {
			continue
		}
		var b strings.Builder
		if err := snippetTexts.ExecuteTemplate(&b, s.Lang+".tmpl", data); err != nil {
			return nil, fmt.Errorf("snippet %s: %w", s.Lang, err)
		}
		s.Text = b.String()
		out = append(out, s)
	}
	return out, nil
}

// suits: a secret does not belong on a phone, nor a page's login into Go.
func suits(c *client.Client, lang string) bool {
	switch {
	case lang == "curl" || lang == "typescript":
		return true
	case c.Type == client.Confidential:
		return lang == "go"
	}
	return c.Platform != client.SPA
}

func snippetOf(org client.Org, c *client.Client, at Place, salesforce bool) (snippetData, error) {
	e := client.Resolve(org, c)
	d := snippetData{
		Issuer: strings.TrimSuffix(at.Issuer, "/"), ClientID: string(c.ID), Scope: c.Settings.Scopes.String(), Secret: at.Secret,
		Confidential: c.Type == client.Confidential, Basic: c.Settings.AuthMethod == client.AuthSecretBasic,
	}
	echo := d.Issuer + "/services/oauth2/echo"
	switch headless := e.Flow(flow.CodeAndCredentials).On && c.FirstParty; {
	case !e.Enabled, !headless && !e.Flow(flow.ClientCredentials).On:
		return d, ErrNoSnippet
	case !headless:
		d.Machine = true
	case salesforce && slices.Contains(c.Settings.RedirectURIs, echo): // only the echo endpoint tells the code to whoever follows the redirect
		d.Salesforce, d.Redirect = true, echo
	}
	return d, nil
}
