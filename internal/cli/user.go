package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/alecthomas/kong"
	"golang.org/x/term"

	"countersign/internal/admin"
)

type userCommands struct {
	Create      userCreate      `cmd:"" help:"Register a person."`
	List        userList        `cmd:"" help:"List people, oldest first."`
	Show        userShow        `cmd:"" help:"Show a person."`
	Set         userSet         `cmd:"" help:"Change a person's profile."`
	SetPassword userSetPassword `cmd:"" name:"set-password" help:"Set a password and end the person's tokens."`
	Disable     userDisable     `cmd:"" help:"Lock a person out and end their tokens."`
	Enable      userEnable      `cmd:"" help:"Let a person in again."`
	Unlock      userUnlock      `cmd:"" help:"Forget a person's failed logins."`
	Delete      userDelete      `cmd:"" help:"Delete a person and end their tokens."`
}

// passwordFlags say where a password comes from; never from the command line,
// which other people on the machine can read.
type passwordFlags struct {
	PasswordStdin bool `name:"password-stdin" help:"Read the password from standard input." xor:"password"`
	HashStdin     bool `name:"password-hash-stdin" help:"Read a hash made elsewhere: argon2id, bcrypt, scrypt or PBKDF2." xor:"password"`
}

// maxPasswordInput is more than any password or hash needs.
const maxPasswordInput = 8 << 10

// read gets the password or hash. On a terminal, ask says whether to ask for it.
func (p passwordFlags) read(s *session, ask bool) (password, hash string, err error) {
	switch {
	case p.PasswordStdin || p.HashStdin:
		text, err := io.ReadAll(io.LimitReader(s.in, maxPasswordInput))
		if err != nil {
			return "", "", fmt.Errorf("read the password: %w", err)
		}
		text = bytes.TrimSuffix(bytes.TrimSuffix(text, []byte("\n")), []byte("\r"))
		if len(text) == 0 {
			return "", "", errors.New("standard input held no password")
		}
		if p.HashStdin {
			return "", string(text), nil
		}
		return string(text), "", nil
	case ask:
		return s.askPassword()
	}
	return "", "", nil
}

// askPassword asks a person at a terminal, twice, without showing it.
func (s *session) askPassword() (password, hash string, err error) {
	f, ok := s.in.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return "", "", usage{"give the password with --password-stdin"}
	}
	var texts [2][]byte
	for i, prompt := range []string{"Password: ", "Again: "} {
		fmt.Fprint(s.err, prompt)
		texts[i], err = term.ReadPassword(int(f.Fd()))
		fmt.Fprintln(s.err)
		if err != nil {
			return "", "", fmt.Errorf("read the password: %w", err)
		}
	}
	if !bytes.Equal(texts[0], texts[1]) {
		return "", "", errors.New("the two passwords differ")
	}
	return string(texts[0]), "", nil
}

type userCreate struct {
	Username string `required:"" help:"The user name." placeholder:"NAME"`
	passwordFlags
	kong.Plugins
}

// Run registers the person and prints the record with its id.
func (c *userCreate) Run(s *session) error {
	password, hash, err := c.read(s, false)
	if err != nil {
		return err
	}
	return s.at(beginning, func(d door) error {
		a, err := d.CreateUser(s.ctx, admin.NewUser{Username: c.Username, Password: password, Hash: hash, Sets: sets(c.Plugins)})
		if err != nil {
			return err
		}
		if !a.HasPassword {
			s.warn([]string{"the person has no password yet: user set-password " + string(a.ID)})
		}
		return one(s, a, userLines(a)[:3])
	})
}

func userLines(a admin.UserView) [][]string {
	lines := [][]string{{"id", string(a.ID)}, {"username", a.Username}, {"email", a.Email}, {"state", string(a.State)}}
	for _, l := range admin.Lines(admin.UserFields, &a.Account) {
		if l.Name != "email" && l.Value != "" {
			lines = append(lines, []string{l.Name, l.Value})
		}
	}
	scheme := a.HashScheme
	if scheme == "" {
		scheme = "none"
	}
	return append(lines, []string{"password", scheme + changedAt(a)}, []string{"created", when(a.Created)}, []string{"updated", when(a.Updated)})
}

func changedAt(a admin.UserView) string {
	if a.LastPassword.IsZero() {
		return ""
	}
	return ", set " + when(a.LastPassword)
}

type userList struct {
	Limit int    `help:"At most so many." default:"1000"`
	After string `help:"Begin after this id." placeholder:"ID"`
}

// Run lists people.
func (c *userList) Run(s *session) error {
	return s.at(reading, func(d door) error {
		views, err := d.Users(s.ctx, c.After, c.Limit)
		if err != nil {
			return err
		}
		return list(s, views, []string{"ID", "USERNAME", "EMAIL", "STATE", "CREATED"}, func(v admin.UserView) []string {
			return []string{string(v.ID), v.Username, v.Email, string(v.State), when(v.Created)}
		})
	})
}

// userArg names a person.
type userArg struct {
	ID string `arg:"" name:"user" help:"Id, user name or e-mail address."`
}

func (u *userArg) withUser(s *session, want access, work func(door, admin.UserView) error) error {
	return s.at(want, func(d door) error {
		a, err := d.User(s.ctx, u.ID)
		if err != nil {
			return err
		}
		return work(d, a)
	})
}

type userShow struct{ userArg }

// Run shows the person.
func (c *userShow) Run(s *session) error {
	return c.withUser(s, reading, func(_ door, a admin.UserView) error {
		return one(s, a, userLines(a))
	})
}

type userSet struct {
	userArg
	kong.Plugins
}

// Run changes the profile and prints the diff.
func (c *userSet) Run(s *session) error {
	changes := sets(c.Plugins)
	if len(changes) == 0 {
		return usage{"user set: nothing to change; name a setting, such as --email"}
	}
	return c.withUser(s, changing, func(d door, a admin.UserView) error {
		view, err := d.ChangeUser(s.ctx, string(a.ID), changes)
		if err != nil {
			return err
		}
		return s.changed(view, view.Changes)
	})
}

type userSetPassword struct {
	userArg
	passwordFlags
}

// Run sets the password.
func (c *userSetPassword) Run(s *session) error {
	password, hash, err := c.read(s, true)
	if err != nil {
		return err
	}
	return c.withUser(s, changing, func(d door, a admin.UserView) error {
		if err := d.SetPassword(s.ctx, string(a.ID), password, hash); err != nil {
			return err
		}
		return s.done("password of %s set; earlier tokens are dead", a.Username)
	})
}

type (
	userDisable struct{ userArg }
	userEnable  struct{ userArg }
	userUnlock  struct{ userArg }
	userDelete  struct{ userArg }
)

// Run locks the person out.
func (c *userDisable) Run(s *session) error {
	return c.withUser(s, changing, func(d door, a admin.UserView) error {
		if err := d.SwitchUser(s.ctx, string(a.ID), disable); err != nil {
			return err
		}
		return s.done("disabled %s (%s)", a.ID, a.Username)
	})
}

// Run lets the person in again.
func (c *userEnable) Run(s *session) error {
	return c.withUser(s, changing, func(d door, a admin.UserView) error {
		if err := d.SwitchUser(s.ctx, string(a.ID), enable); err != nil {
			return err
		}
		return s.done("enabled %s (%s)", a.ID, a.Username)
	})
}

// Run forgets failed logins.
func (c *userUnlock) Run(s *session) error {
	return c.withUser(s, changing, func(d door, a admin.UserView) error {
		if err := d.SwitchUser(s.ctx, string(a.ID), unlock); err != nil {
			return err
		}
		return s.done("unlocked %s (%s)", a.ID, a.Username)
	})
}

// Run deletes the person.
func (c *userDelete) Run(s *session) error {
	return c.withUser(s, changing, func(d door, a admin.UserView) error {
		if err := d.SwitchUser(s.ctx, string(a.ID), remove); err != nil {
			return err
		}
		return s.done("deleted %s (%s)", a.ID, a.Username)
	})
}
