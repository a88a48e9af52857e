package admin

import (
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"countersign/internal/account"
	"countersign/internal/audit"
	"countersign/internal/login"
	"countersign/internal/secret"
)

const goodPassword = "a quiet river under the old bridge"

func (o *office) ann() *account.Account {
	o.t.Helper()
	a, err := o.CreateUser(ctx, NewUser{Username: "ann", Password: goodPassword, Sets: set("email=ann@example.com", "name=Ann Example")})
	if err != nil {
		o.t.Fatal(err)
	}
	return a
}

func TestCreateUser(t *testing.T) {
	o := open(t)
	a := o.ann()
	if !secret.ValidRecordID(secret.PrefixUser, string(a.ID)) || len(a.ID) != 18 {
		t.Errorf("id %q", a.ID)
	}
	if ok, err := account.VerifyPassword(a.PasswordHash, goodPassword); !ok || err != nil {
		t.Errorf("the password does not verify: %v", err)
	}
	for _, text := range []string{string(a.ID), string(a.ID[:15]), "ann", "ANN", "Ann@Example.com"} {
		if got, err := o.User(ctx, text); err != nil || got.ID != a.ID {
			t.Errorf("%q finds %v, %v", text, got, err)
		}
	}
	if _, err := o.User(ctx, "bob"); !IsNotFound(err) {
		t.Errorf("unknown: %v", err)
	}
	if _, err := o.User(ctx, "\x00"); !IsNotFound(err) {
		t.Errorf("no identifier: %v", err)
	}
	if _, err := o.CreateUser(ctx, NewUser{Username: "ANN"}); !errors.Is(err, account.ErrTaken) {
		t.Errorf("the same name in capitals: %v", err)
	}
	for _, e := range o.events(audit.UserCreated) {
		if text := string(e.Encode()); strings.Contains(text, "ann@example.com") || strings.Contains(text, goodPassword) {
			t.Errorf("the event holds personal data: %s", text)
		}
	}
}

// TestUserRules: each row spoils one value and expects one fault.
func TestUserRules(t *testing.T) {
	o := open(t)
	const bcrypt = "$2b$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy"
	for name, tt := range map[string]struct {
		user NewUser
		want string
	}{
		"no name":           {NewUser{}, "user name"},
		"colon":             {NewUser{Username: "a:b"}, "no colon"},
		"short password":    {NewUser{Username: "x", Password: "short"}, "at least 15"},
		"common password":   {NewUser{Username: "x", Password: "passwordpassword"}, "password: "},
		"own name":          {NewUser{Username: "christopher.walker", Password: "christopherwalker1"}, "little more than"},
		"both":              {NewUser{Username: "x", Password: goodPassword, Hash: bcrypt}, "not both"},
		"unknown hash":      {NewUser{Username: "x", Hash: "{SHA}abc"}, "the password hash is none of"},
		"e-mail":            {NewUser{Username: "x", Sets: set("email=nobody")}, "e-mail address"},
		"picture":           {NewUser{Username: "x", Sets: set("picture=http://a.example/x.png")}, "no https URL"},
		"zone":              {NewUser{Username: "x", Sets: set("zoneinfo=Mars/Base")}, "no time zone"},
		"phone":             {NewUser{Username: "x", Sets: set("phone-number=01234")}, "E.164"},
		"no such setting":   {NewUser{Username: "x", Sets: set("colour=blue")}, "no such setting"},
		"invisible in name": {NewUser{Username: "x", Sets: set("name=a\u200bb")}, "invisible"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := o.CreateUser(ctx, tt.user)
			var faults Invalid
			if !errors.As(err, &faults) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want a fault with %q", err, tt.want)
			}
		})
	}
	a, err := o.CreateUser(ctx, NewUser{Username: "imported", Hash: bcrypt})
	if err != nil || ViewUser(a).HashScheme != "bcrypt" {
		t.Errorf("an imported hash: %v", err)
	}
}

func TestChangeUser(t *testing.T) {
	o := open(t)
	a := o.ann()
	next, changes, err := o.ChangeUser(ctx, a.ID, set("given-name=Ann", "group=+staff +shop", "phone-number=+4312345678"))
	if err != nil || len(changes) != 3 || next.Profile.GivenName != "Ann" {
		t.Fatalf("changes %v, %v", changes, err)
	}
	o.now = o.now.Add(time.Second)
	if _, changes, err = o.ChangeUser(ctx, a.ID, set("group=-staff")); err != nil || len(changes) != 1 || changes[0].New != "shop" {
		t.Errorf("removing a group: %v, %v", changes, err)
	}
	if _, changes, err = o.ChangeUser(ctx, a.ID, set("group=shop")); err != nil || changes != nil {
		t.Errorf("no change: %v, %v", changes, err)
	}
	if _, _, err = o.ChangeUser(ctx, "0055g00000DGVJ1AAP", set("name=x")); !IsNotFound(err) {
		t.Errorf("unknown: %v", err)
	}
	for _, e := range o.events(audit.UserChanged) {
		if strings.Contains(string(e.Encode()), "4312345678") {
			t.Error("the event holds personal data")
		}
	}
}

func TestStatesOfAUser(t *testing.T) {
	o := open(t)
	a := o.ann()
	epoch := func() int32 {
		got, err := o.User(ctx, "ann")
		if err != nil {
			t.Fatal(err)
		}
		return got.Epoch
	}
	was := epoch()
	for _, step := range []struct {
		name string
		do   func() error
		kill bool
	}{
		{"password", func() error { return o.SetPassword(ctx, a, "another river under a newer bridge", "") }, true},
		{"disable", func() error { return o.DisableUser(ctx, a.ID) }, true},
		{"enable", func() error { return o.EnableUser(ctx, a.ID) }, false},
	} {
		if err := step.do(); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		if now := epoch(); (now != was) != step.kill {
			t.Errorf("%s: epoch %d -> %d, want tokens to die: %v", step.name, was, now, step.kill)
		}
		was = epoch()
	}
	if err := o.SetPassword(ctx, a, "short", ""); err == nil {
		t.Error("a short password was set")
	}
	if err := o.DeleteUser(ctx, a.ID); err != nil {
		t.Fatal(err)
	}
	if err := o.DeleteUser(ctx, a.ID); !IsNotFound(err) {
		t.Errorf("deleting twice: %v", err)
	}
	if people, err := o.Users(ctx, "", 10); err != nil || len(people) != 0 {
		t.Errorf("people left: %v, %v", people, err)
	}
}

// TestUnlock: a person who failed too often from an address gets in again.
func TestUnlock(t *testing.T) {
	o := open(t)
	a := o.ann()
	prover := &login.Prover{
		Accounts: o.People, Log: o.Log, Keys: o.Keys, Pool: login.NewPool(1, 8, time.Second), Params: o.Password.Params, Now: o.Now,
	}
	try := func(password string) error {
		_, err := prover.Prove(ctx, login.Attempt{Identifier: "ann", Password: password, Client: "app-number-1", Address: netip.MustParseAddr("192.0.2.7")})
		return err
	}
	for range 20 {
		if err := try("wrong"); errors.Is(err, login.ErrThrottled) {
			break
		}
	}
	if err := try(goodPassword); !errors.Is(err, login.ErrThrottled) {
		t.Fatalf("after twenty failures: %v", err)
	}
	if err := o.UnlockUser(ctx, a); err != nil {
		t.Fatal(err)
	}
	if err := try(goodPassword); err != nil {
		t.Errorf("after the unlock: %v", err)
	}
}

func TestViews(t *testing.T) {
	o := open(t)
	r := o.create(confidential...)
	v := r.View()
	if v.Secret != r.Secret || ViewApp(r.App).Secret != "" {
		t.Error("the secret is shown once, in the answer that made it")
	}
	if v.Settings["code-ttl"] != "60s (default)" || len(v.Secrets) != 1 || v.Origins == nil {
		t.Errorf("view %+v", v)
	}
	k, err := o.RotateKey(ctx, "ES256", false)
	if err != nil || ViewKey(k).ID != k.ID {
		t.Error(err)
	}
}
