package server

import (
	"crypto/tls"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"countersign/internal/config"
)

// certificates serves a certificate from two files and reads them again when
// they change. A pair that does not fit keeps the old one in service.
type certificates struct {
	cert, key string
	now       func() time.Time
	onFault   func(error)

	mu      sync.Mutex
	current *tls.Certificate
	looked  time.Time
	stamp   [2]time.Time
}

// lookEvery is how long a changed certificate may go unseen.
const lookEvery = 5 * time.Second

// openCertificates reads the pair once; a fault at the start is an error.
func openCertificates(t config.TLS, now func() time.Time, onFault func(error)) (*certificates, error) {
	c := &certificates{cert: t.Certificate, key: t.Key, now: now, onFault: onFault}
	if err := c.load(); err != nil {
		return nil, err
	}
	c.looked = now()
	return c, nil
}

func (c *certificates) load() error {
	stamp, err := c.stamps()
	if err != nil {
		return fmt.Errorf("TLS: %w", err)
	}
	chain, err := os.ReadFile(c.cert)
	if err != nil {
		return fmt.Errorf("TLS: %w", err)
	}
	key, err := config.ReadPrivate(c.key)
	if err != nil {
		return fmt.Errorf("TLS: %w", err)
	}
	pair, err := tls.X509KeyPair(chain, key)
	if err != nil {
		return fmt.Errorf("TLS: %s and %s: %w", c.cert, c.key, err)
	}
	c.current, c.stamp = &pair, stamp
	return nil
}

func (c *certificates) stamps() (out [2]time.Time, err error) {
	for i, name := range []string{c.cert, c.key} {
		info, fault := os.Stat(name)
		if fault != nil {
			err = errors.Join(err, fault)
			continue
		}
		out[i] = info.ModTime()
	}
	return out, err
}

func (c *certificates) serve(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := c.now(); now.Sub(c.looked) >= lookEvery || now.Before(c.looked) {
		c.looked = now
		if stamp, err := c.stamps(); err == nil && stamp != c.stamp {
			c.stamp = stamp // a pair that does not fit is tried again when it changes
			if err := c.load(); err != nil {
				c.onFault(err)
			}
		}
	}
	return c.current, nil
}

// config is TLS 1.2 with forward secrecy and AEAD only, or TLS 1.3. Go's own
// list for 1.2 would do; ours says what clients in the field need.
//
// Spec: RFC 9325 §3.1, §4.2; RFC 9700 §2.6.
func (c *certificates) config() *tls.Config {
	return &tls.Config{
		MinVersion:     tls.VersionTLS12,
		GetCertificate: c.serve,
		CipherSuites: []uint16{
			tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
			tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
			tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
		},
	}
}
