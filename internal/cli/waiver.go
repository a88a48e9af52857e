package cli

import (
	"cmp"
	"time"

	"countersign/internal/admin"
	"countersign/internal/client"
)

type waiverCommands struct {
	Add  waiverAdd  `cmd:"" help:"Accept one finding for a time."`
	List waiverList `cmd:"" help:"List waivers, ended ones too, and whether they still count."`
	End  waiverEnd  `cmd:"" help:"End a waiver before its time."`
}

// acceptance are the words of whoever accepts a finding.
type acceptance struct {
	Reason string `help:"Why it is accepted; shown wherever the finding is." placeholder:"TEXT"`
	Owner  string `help:"Who can be asked." placeholder:"E-MAIL"`
	Until  string `help:"When it ends, at most 180 days ahead: a date such as 2027-01-31, or a length such as 90d." placeholder:"DATE"`
}

func (a acceptance) words(now time.Time) (admin.Acceptance, error) {
	until, err := day(a.Until, now)
	return admin.Acceptance{Reason: a.Reason, Owner: a.Owner, Until: until}, err
}

// day reads a date, meaning its end in UTC, or a length of time from now.
func day(text string, now time.Time) (time.Time, error) {
	if d, err := time.Parse(time.DateOnly, text); err == nil {
		return d.AddDate(0, 0, 1).Add(-time.Second), nil
	}
	ahead, err := client.ParseDuration(text)
	if err != nil {
		return time.Time{}, usage{"--until: write a date such as 2027-01-31, or a length such as 90d"}
	}
	return now.UTC().Add(time.Duration(ahead)).Truncate(time.Second), nil
}

// consent lets a change through that the review would stop.
type consent struct {
	Force      bool   `help:"Save it even if the review calls it critical; the audit log says so." xor:"consent"`
	Waive      bool   `help:"Save it and accept for a time what the review calls critical; needs --reason and --until." xor:"consent"`
	Reason     string `help:"With --waive: why it is accepted." placeholder:"TEXT"`
	Until      string `help:"With --waive: when that ends, at most 180 days ahead: 2027-01-31, or 90d." placeholder:"DATE"`
	AcceptedBy string `help:"With --waive: who can be asked, if not the owner of the app." placeholder:"E-MAIL"`
}

func (c consent) words(now time.Time) (admin.Consent, error) {
	if !c.Waive {
		if c.Reason+c.Until+c.AcceptedBy != "" {
			return admin.Consent{}, usage{"--reason, --until and --accepted-by go with --waive"}
		}
		return admin.Consent{Force: c.Force}, nil
	}
	a, err := acceptance{Reason: c.Reason, Until: c.Until, Owner: c.AcceptedBy}.words(now)
	return admin.Consent{Waive: &a}, err
}

type waiverAdd struct {
	Control string `arg:"" optional:"" help:"Id of the control."`
	App     string `arg:"" optional:"" help:"client_id or name of the app; none for a control of the server."`
	Named   struct {
		Control string `help:"The control, as a flag." placeholder:"ID"`
		App     string `help:"The app, as a flag." placeholder:"ID"`
	} `embed:""`
	acceptance
}

// Run adds the waiver.
func (c *waiverAdd) Run(s *session) error {
	words, err := c.words(s.now())
	if err != nil {
		return err
	}
	return s.at(changing, func(d door) error {
		w, err := d.Waive(s.ctx, cmp.Or(c.Control, c.Named.Control), cmp.Or(c.App, c.Named.App), words)
		if err != nil {
			return err
		}
		return one(s, w, [][]string{
			{"waiver", w.ID}, {"control", w.Control}, {"app", w.App}, {"reason", w.Reason}, {"owner", w.Owner}, {"until", when(w.Until)},
		})
	})
}

type waiverList struct{}

// Run lists the waivers.
func (*waiverList) Run(s *session) error {
	return s.at(reading, func(d door) error {
		views, err := d.Waivers(s.ctx)
		if err != nil {
			return err
		}
		return list(s, views, []string{"WAIVER", "CONTROL", "APP", "UNTIL", "OWNER", "STATE", "REASON"}, func(v admin.WaiverView) []string {
			return []string{v.ID, v.Control, v.App, when(v.Until), v.Owner, v.State, v.Reason}
		})
	})
}

type waiverEnd struct {
	ID string `arg:"" name:"waiver" help:"Id of the waiver, as waiver list prints it."`
}

// Run ends the waiver.
func (c *waiverEnd) Run(s *session) error {
	return s.at(changing, func(d door) error {
		w, err := d.EndWaiver(s.ctx, c.ID)
		if err != nil {
			return err
		}
		return s.done("ended the waiver of %s", w.Control)
	})
}
