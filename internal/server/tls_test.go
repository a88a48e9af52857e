package server

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"countersign/internal/config"
)

// writePair makes a certificate with a serial number of its own.
func writePair(t *testing.T, dir string, serial int64) config.TLS {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: "test"}, NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	c := config.TLS{Certificate: filepath.Join(dir, "cert.pem"), Key: filepath.Join(dir, "key.pem")}
	put(t, c.Key, pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der}), serial)
	put(t, c.Certificate, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert}), serial)
	return c
}

// put writes a file with a time of its own, so that each write is a change.
func put(t *testing.T, name string, text []byte, serial int64) {
	t.Helper()
	if err := os.WriteFile(name, text, 0o600); err != nil {
		t.Fatal(err)
	}
	at := time.Unix(1700000000+serial, 0)
	if err := os.Chtimes(name, at, at); err != nil {
		t.Fatal(err)
	}
}

func TestTLS(t *testing.T) {
	c := configure(t.TempDir())
	c.TLS = writePair(t, t.TempDir(), 1)
	s, _ := running(t, c)
	if s.Issuer != s.URL() || s.URL()[:8] != "https://" {
		t.Errorf("issuer %s, URL %s", s.Issuer, s.URL())
	}
	for name, tt := range map[string]struct {
		conf *tls.Config
		good bool
	}{
		"1.3": {&tls.Config{MinVersion: tls.VersionTLS13}, true},
		"1.2": {&tls.Config{MaxVersion: tls.VersionTLS12}, true},
		"1.2 of the Mobile SDK": {&tls.Config{
			MaxVersion:   tls.VersionTLS12,
			CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256},
		}, true},
		"1.2 with CBC": {&tls.Config{
			MaxVersion:   tls.VersionTLS12,
			CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA},
		}, false},
		"1.1": {&tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}, false},
	} {
		tt.conf.InsecureSkipVerify = true
		client := http.Client{Transport: &http.Transport{TLSClientConfig: tt.conf, DisableKeepAlives: true}}
		resp, err := client.Get(s.URL() + "/healthz") //nolint:noctx // a test
		if err == nil {
			resp.Body.Close()
		}
		if (err == nil) != tt.good {
			t.Errorf("%s: %v, want it to be served: %v", name, err, tt.good)
		}
	}
}

// TestCertificateChanges: a new pair is served without a restart, a broken one
// is not, and a good one after it is.
func TestCertificateChanges(t *testing.T) {
	dir := t.TempDir()
	now := time.Now()
	var faults []error
	c, err := openCertificates(writePair(t, dir, 1), func() time.Time { return now }, func(err error) { faults = append(faults, err) })
	if err != nil {
		t.Fatal(err)
	}
	serves := func() int64 {
		pair, err := c.serve(nil)
		if err != nil {
			t.Fatal(err)
		}
		return pair.Leaf.SerialNumber.Int64()
	}
	writePair(t, dir, 2)
	if got := serves(); got != 1 {
		t.Errorf("the files are looked at on every handshake: serial %d", got)
	}
	now = now.Add(lookEvery)
	if got := serves(); got != 2 {
		t.Errorf("after a change: serial %d, want 2", got)
	}
	put(t, c.cert, []byte("broken"), 3)
	now = now.Add(lookEvery)
	if got := serves(); got != 2 || len(faults) != 1 {
		t.Errorf("with a broken file: serial %d, faults %v; want 2 and one fault", got, faults)
	}
	now = now.Add(lookEvery)
	if serves(); len(faults) != 1 {
		t.Error("an unchanged broken file is complained of again and again")
	}
	writePair(t, dir, 4)
	now = now.Add(lookEvery)
	if got := serves(); got != 4 {
		t.Errorf("after the repair: serial %d, want 4", got)
	}
}
