package oauth

// Outcome is the answer of a write that moves a state: nothing else leaves a
// store. Won: this request changed the state, as durably as the engine is
// configured to make it. Lost: somebody else changed it first, and this request
// wrote nothing. Unknown: the connection died, or a warning came, after the
// commit was sent; it may or may not have happened, and the caller must neither
// hand out what depends on it nor punish anybody for it.
type Outcome int

// Outcomes of a state change.
const (
	Unknown Outcome = iota
	Won
	Lost
)

// String names the outcome for logs and tests.
func (o Outcome) String() string {
	switch o {
	case Won:
		return "won"
	case Lost:
		return "lost"
	case Unknown:
		return "unknown"
	}
	return "unknown"
}

// ErrUnknownOutcome tells the client to ask again: the store could not say
// within ten seconds whether the change happened.
var ErrUnknownOutcome = Refuse(TemporarilyUnavailable, "store.outcome-unknown", "RFC 9110 §15.6.4",
	"the server cannot say yet whether this request took effect; ask again")
