package review

import "time"

// Waiver accepts one failed finding for a time. It changes counting and the
// exit code, never the status.
type Waiver struct {
	Control   string    `json:"control"`
	App       string    `json:"app"` // app id; "" for a server control
	Reason    string    `json:"reason"`
	Owner     string    `json:"owner"` // a principal who can be asked
	Until     time.Time `json:"until"`
	Since     time.Time `json:"since,omitzero"`
	ValueHash string    `json:"value_hash"`       // of the values the control read when it was waived, see [Finding.ValueHash]
	Scopes    []string  `json:"scopes,omitempty"` // the app's scopes at that time
}
