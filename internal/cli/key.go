package cli

import (
	"strings"

	"countersign/internal/admin"
	"countersign/internal/key"
	"countersign/internal/server"
)

type keyCommands struct {
	List   keyList   `cmd:"" help:"List signing keys, oldest first."`
	Rotate keyRotate `cmd:"" help:"Make a new key; it is published now and signs after 15 minutes."`
	Retire keyRetire `cmd:"" help:"Remove a key at once; what it signed verifies no more."`
}

type keyList struct {
	All bool `help:"Removed keys, too."`
}

// Run lists the keys.
func (c *keyList) Run(s *session) error {
	return s.at(reading, func(d door) error {
		keys, err := d.Keys(s.ctx)
		if err != nil {
			return err
		}
		views := []admin.KeyView{}
		for _, k := range keys {
			if c.All || k.State != key.Removed {
				views = append(views, k)
			}
		}
		return list(s, views, []string{"KID", "ALG", "STATE", "SIGNS", "CREATED", "ACTIVATED", "RETIRED"}, func(v admin.KeyView) []string {
			return []string{v.ID, v.Alg, string(v.State), signs(v), when(v.Created), when(v.Activated), when(v.Retired)}
		})
	})
}

// signs says what a key signs.
func signs(v admin.KeyView) string {
	if v.Use == string(key.ForReview) {
		return "proofs"
	}
	return "tokens"
}

type keyRotate struct {
	Alg    string `help:"ES256 or RS256." default:"ES256" placeholder:"ES256"`
	Now    bool   `help:"Let it sign at once: for a key that leaked."`
	Review bool   `help:"Make a key that signs the transcripts of proofs instead; it signs at once."`
}

// Run makes the key.
func (c *keyRotate) Run(s *session) error {
	if c.Review {
		return s.with(changing, func(d *server.Data) error {
			k, err := d.Desk.RotateReviewKey(s.ctx)
			if err != nil {
				return err
			}
			return s.madeKey(admin.ViewKey(k))
		})
	}
	return s.at(changing, func(d door) error {
		k, err := d.RotateKey(s.ctx, strings.ToUpper(c.Alg), c.Now)
		if err != nil {
			return err
		}
		return s.madeKey(k)
	})
}

func (s *session) madeKey(k admin.KeyView) error {
	return one(s, k, [][]string{{"kid", k.ID}, {"alg", k.Alg}, {"state", string(k.State)}})
}

type keyRetire struct {
	ID string `arg:"" name:"kid" help:"Id of the key."`
}

// Run removes the key.
func (c *keyRetire) Run(s *session) error {
	return s.at(changing, func(d door) error {
		if err := d.RetireKey(s.ctx, c.ID); err != nil {
			return err
		}
		return s.done("removed key %s", c.ID)
	})
}
