package api

import (
	"errors"
	"fmt"
	"net/http"

	"countersign/internal/account"
	"countersign/internal/admin"
	"countersign/internal/oauth"
	"countersign/internal/secret"
	"countersign/internal/web"
)

// person reads the person that the path names: by id, in 15 or 18 characters.
// Errors: account.ErrNotFound.
func (c *call) person() (*account.Account, error) {
	id := c.HTTP.PathValue("user_id")
	if !secret.ValidRecordID(secret.PrefixUser, id) {
		return nil, fmt.Errorf("%q: %w", id, account.ErrNotFound)
	}
	return c.desk.User(c.Context(), id)
}

func listPeople(c *call) (web.Answer, error) {
	limit, err := c.limit()
	if err != nil {
		return web.Answer{}, err
	}
	if name := c.text("identifier"); name != "" {
		a, err := c.desk.User(c.Context(), name)
		if errors.Is(err, account.ErrNotFound) {
			return paged[admin.UserView](nil, "")
		}
		if err != nil {
			return web.Answer{}, err
		}
		return paged([]admin.UserView{admin.ViewUser(a)}, "")
	}
	last, err := c.from()
	if err != nil {
		return web.Answer{}, err
	}
	people, err := c.desk.Users(c.Context(), oauth.UserID(last), limit+1)
	if err != nil {
		return web.Answer{}, err
	}
	next := ""
	if len(people) > limit {
		people = people[:limit]
		next = c.cursor(string(people[limit-1].ID))
	}
	views := make([]admin.UserView, len(people))
	for i, a := range people {
		views[i] = admin.ViewUser(a)
	}
	return paged(views, next)
}

func createPerson(c *call) (web.Answer, error) {
	var in struct {
		Username string   `json:"username"`
		Password string   `json:"password"`
		Hash     string   `json:"password_hash"`
		Settings settings `json:"settings"`
	}
	if err := c.read(&in); err != nil {
		return web.Answer{}, err
	}
	values, err := sets(admin.UserFields, in.Settings)
	if err != nil {
		return web.Answer{}, err
	}
	p, err := c.desk.CreateUser(c.Context(), admin.NewUser{Username: in.Username, Password: in.Password, Hash: in.Hash, Sets: values})
	if err != nil {
		return web.Answer{}, err
	}
	a, err := c.record(http.StatusCreated, admin.VersionOfUser(p), admin.ViewUser(p))
	return c.made(a, err, "/people/"+string(p.ID))
}

func showPerson(c *call) (web.Answer, error) {
	p, err := c.person()
	if err != nil {
		return web.Answer{}, err
	}
	return c.record(http.StatusOK, admin.VersionOfUser(p), admin.ViewUser(p))
}

func changePerson(c *call) (web.Answer, error) {
	var in struct {
		Settings settings `json:"settings"`
	}
	if err := c.read(&in); err != nil {
		return web.Answer{}, err
	}
	values, err := sets(admin.UserFields, in.Settings)
	if err != nil {
		return web.Answer{}, err
	}
	old, err := c.person()
	if err == nil {
		err = c.decided(admin.VersionOfUser(old))
	}
	if err != nil {
		return web.Answer{}, err
	}
	p, changes, err := c.desk.ChangeUser(c.Context(), old.ID, values)
	if err != nil {
		return web.Answer{}, err
	}
	view := admin.ViewUser(p)
	view.Changes = changes
	return c.record(http.StatusOK, admin.VersionOfUser(p), view)
}

func deletePerson(c *call) (web.Answer, error) {
	p, err := c.person()
	if err == nil {
		err = c.decided(admin.VersionOfUser(p))
	}
	if err == nil {
		err = c.desk.DeleteUser(c.Context(), p.ID)
	}
	return done(err)
}

func setPassword(c *call) (web.Answer, error) {
	var in struct {
		Password string `json:"password"`
		Hash     string `json:"password_hash"`
	}
	if err := c.read(&in); err != nil {
		return web.Answer{}, err
	}
	p, err := c.person()
	if err == nil {
		err = c.desk.SetPassword(c.Context(), p, in.Password, in.Hash)
	}
	return done(err)
}

func disablePerson(c *call) (web.Answer, error) {
	p, err := c.person()
	if err == nil {
		err = c.desk.DisableUser(c.Context(), p.ID)
	}
	return done(err)
}

func enablePerson(c *call) (web.Answer, error) {
	p, err := c.person()
	if err == nil {
		err = c.desk.EnableUser(c.Context(), p.ID)
	}
	return done(err)
}

func unlockPerson(c *call) (web.Answer, error) {
	p, err := c.person()
	if err == nil {
		err = c.desk.UnlockUser(c.Context(), p)
	}
	return done(err)
}
