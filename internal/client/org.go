package client

import (
	"time"

	"countersign/internal/flow"
)

// Org are the server-wide settings: what holds for every app, whatever the app's
// own settings say. The stricter wins.
type Org struct {
	ID       string      `json:"org_id"`  // 18 characters, 00D…
	SiteID   string      `json:"site_id"` // 18 characters, 0DB…
	Name     string      `json:"name"`
	Created  time.Time   `json:"created"`
	FlowsOff []flow.Name `json:"flows_off"` // switched off for every app
	// FlowsNotBefore says, for a flow that was switched off for every app, up to
	// when its tokens are dead: they do not come alive when it is on again.
	FlowsNotBefore map[flow.Name]time.Time `json:"flows_not_before,omitempty"`
	RequirePKCE    bool                    `json:"require_pkce"`         // of every app and flow that can carry it
	MaxAccess      Duration                `json:"max_access_token_ttl"` // ceiling; 24h at most
	MaxRefresh     Duration                `json:"max_refresh_ttl"`      // ceiling of absolute life; 0: none
	Version        int64                   `json:"-"`
}

// AccessTokenCeiling is the longest life any access token may have. Ended grants
// are remembered that long, so it bounds memory, too.
const AccessTokenCeiling = 24 * time.Hour
