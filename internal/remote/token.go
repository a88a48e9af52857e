package remote

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
)

// Holder is a token that somebody obtained already.
func Holder(token string) func(context.Context) (string, error) {
	return func(context.Context) (string, error) { return token, nil }
}

// Credentials are an app's, to obtain a token with.
type Credentials struct {
	Issuer, ID, Secret string
}

// Obtain returns what obtains a token by client credentials, once, with every
// right that the app has.
//
// Spec: RFC 6749 §4.4.
func (k Credentials) Obtain() func(context.Context) (string, error) {
	var once sync.Once
	var token string
	var err error
	return func(ctx context.Context) (string, error) {
		once.Do(func() { token, err = k.obtain(ctx) })
		return token, err
	}
}

const mostToken = 64 << 10

func (k Credentials) obtain(ctx context.Context) (string, error) {
	form := url.Values{"grant_type": {"client_credentials"}}
	target := strings.TrimSuffix(k.Issuer, "/") + "/oauth2/token"
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, target, strings.NewReader(form.Encode()))
	if err != nil {
		return "", err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(url.QueryEscape(k.ID), url.QueryEscape(k.Secret))
	resp, err := usual.Do(r)
	if err != nil {
		return "", err
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, mostToken))
	if err != nil {
		return "", fmt.Errorf("obtain an access token: %w", err)
	}
	var a struct {
		Token string `json:"access_token"`
		Error string `json:"error"`
		Text  string `json:"error_description"`
	}
	if json.Unmarshal(answer, &a) != nil || a.Token == "" && a.Error == "" {
		return "", errors.New("obtain an access token: " + resp.Status + " is no answer of a token endpoint")
	}
	if a.Error != "" {
		return "", fmt.Errorf("obtain an access token: %s: %s", a.Error, a.Text)
	}
	return a.Token, nil
}
