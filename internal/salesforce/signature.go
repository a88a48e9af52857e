package salesforce

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"

	"countersign/internal/client"
)

// signaturePurpose derives the key that signs for apps that sent no secret.
const signaturePurpose = "salesforce signature"

// sign is base64(HMAC-SHA256(key, id followed by issued_at)).
func sign(key []byte, id, issuedAt string) string {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(id))
	h.Write([]byte(issuedAt))
	return base64.StdEncoding.EncodeToString(h.Sum(nil))
}

// signature is the member by which an app checks with its own secret that the
// answer is ours. Secrets are kept as hashes, so the clear one is at hand exactly
// when the request carried it; an app that sent none gets the same 44 characters
// under a key of the server, which it cannot check and nobody can forge.
func (d *door) signature(app client.Identity, id, issuedAt string) string {
	if app.Proven && app.Secret != "" {
		return sign([]byte(app.Secret), id, issuedAt)
	}
	key := d.Keys.Hash(signaturePurpose, []byte(app.ID))
	return sign(key[:], id, issuedAt)
}
