package sfdx

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"math/big"
	"testing"
	"time"
)

func TestKeysOfCertificates(t *testing.T) {
	until := time.Date(2030, 1, 31, 0, 0, 0, 0, time.UTC)
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		key  crypto.Signer
		want string
	}{
		{ec, "EC 256 2030-01-31T00:00:00Z"},
		{ed, "Ed25519 256 2030-01-31T00:00:00Z"},
	} {
		template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: until}
		der, err := x509.CreateCertificate(rand.Reader, template, template, row.key.Public(), row.key)
		if err != nil {
			t.Fatal(err)
		}
		inPEM := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
		bare := base64.StdEncoding.EncodeToString(der)
		for _, text := range []string{inPEM, bare, bare[:60] + "\n" + bare[60:]} {
			a := NewApp("A")
			a.Certificate = Set(text)
			if got := a.Keys(); len(got) != 1 || got[0].String() != row.want {
				t.Errorf("keys %v, want %s", got, row.want)
			}
		}
		both := NewApp("A")
		both.ClientAssertionCertificate = Set(inPEM + inPEM)
		if len(both.Keys()) != 2 {
			t.Errorf("two certificates give %v", both.Keys())
		}
	}
}
