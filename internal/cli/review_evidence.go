package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"

	"countersign/internal/evidence"
	"countersign/internal/jose"
	"countersign/internal/review"
	"countersign/internal/review/seal"
	"countersign/internal/server"
)

type reviewVerify struct {
	File string `arg:"" help:"Transcript of a proof."`
	Key  string `help:"Key set of the server that made it, as review key prints it; none: the review keys of this database." placeholder:"FILE"`
}

// verified is the outcome as JSON.
type verified struct {
	File        string    `json:"file"`
	Sound       bool      `json:"sound"`
	Signed      bool      `json:"signed"`
	SignedAt    time.Time `json:"signed_at,omitzero"`
	Transcripts int       `json:"transcripts"`
	Messages    int       `json:"messages"`
	Faults      []string  `json:"faults"`
}

// Run holds the file against its seal. It ends with 1 if the file was touched.
func (c *reviewVerify) Run(s *session) error {
	f, err := c.read(s)
	if err != nil {
		return reviewFailed(err)
	}
	v := verified{File: c.File, Sound: f.Sound(), Signed: f.Signed, SignedAt: f.SignedAt, Transcripts: len(f.Transcripts), Faults: append([]string{}, f.Faults...)}
	for _, t := range f.Transcripts {
		for _, k := range t.Cases {
			v.Messages += len(k.Exchanges)
		}
	}
	if s.Output == "json" {
		err = s.json(v)
	} else {
		v.write(s)
	}
	if err == nil && !v.Sound {
		return ended{code: exitFailure}
	}
	return err
}

func (v verified) write(s *session) {
	for _, fault := range v.Faults {
		fmt.Fprintf(s.out, "%s\n", fault)
	}
	if v.Sound {
		fmt.Fprintf(s.out, "sound: %d transcripts with %d messages, signed %s, untouched since\n", v.Transcripts, v.Messages, when(v.SignedAt))
		return
	}
	fmt.Fprintf(s.out, "NOT sound: do not rely on %s\n", v.File)
}

func (c *reviewVerify) read(s *session) (*seal.File, error) {
	keys, err := c.keys(s)
	if err != nil {
		return nil, err
	}
	return readEvidence(c.File, keys)
}

// keys are those the file may be signed with.
func (c *reviewVerify) keys(s *session) (keys jose.Keys, err error) {
	if c.Key != "" {
		text, err := os.ReadFile(c.Key)
		if err != nil {
			return nil, ended{exitUnreadable, err}
		}
		if keys, err = jose.ParseSet(text); err != nil {
			return nil, ended{exitUnreadable, fmt.Errorf("%s: %w", c.Key, err)}
		}
		return keys, nil
	}
	err = s.with(reading, func(d *server.Data) (err error) {
		keys, _, err = d.Desk.ReviewKeys(s.ctx)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("the review keys of this database (or name others with --key): %w", err)
	}
	return keys, nil
}

// readEvidence reads a transcript file; what is wrong with it is in its faults.
func readEvidence(name string, keys jose.Keys) (f *seal.File, err error) {
	in, err := os.Open(name) //nolint:gosec // the person may read their files
	if err != nil {
		return nil, ended{exitUnreadable, err}
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	f, err = seal.Read(in, keys)
	if errors.Is(err, seal.ErrFile) || errors.Is(err, fs.ErrNotExist) {
		return nil, ended{exitUnreadable, fmt.Errorf("%s: %w", name, err)}
	}
	return f, err
}

type reviewKey struct{}

// Run prints the public halves of the review keys, for those who verify without
// this database.
func (c *reviewKey) Run(s *session) error {
	return s.with(changing, func(d *server.Data) error {
		if _, err := d.Desk.ReviewSigner(s.ctx); err != nil { // there is one from now on
			return err
		}
		_, set, err := d.Desk.ReviewKeys(s.ctx)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(s.out, strings.TrimSpace(string(set)))
		return err
	})
}

// keepEvidence writes transcripts to a file, signed by the review key of this
// database if that is asked for.
func (s *session) keepEvidence(file string, all []evidence.Transcript, sign bool) error {
	if !sign {
		return writeFile(file, func(w io.Writer) error { return seal.Write(w, all, nil, s.now()) })
	}
	return s.with(changing, func(d *server.Data) error {
		signer, err := d.Desk.ReviewSigner(s.ctx)
		if err != nil {
			return err
		}
		return writeFile(file, func(w io.Writer) error { return seal.Write(w, all, signer, s.now()) })
	})
}

// keep writes the transcripts of a review that proved.
func (c *reviewRun) keep(s *session, run *review.Run) error {
	switch {
	case c.Evidence == "":
		return nil
	case !c.Prove:
		return usage{"--evidence goes with --prove: without it nothing is proven"}
	}
	all := make([]evidence.Transcript, len(run.Transcripts))
	for i, t := range run.Transcripts {
		all[i] = *t
	}
	return s.keepEvidence(c.Evidence, all, true)
}
