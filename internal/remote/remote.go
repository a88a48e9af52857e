// Package remote is the Admin API seen from the other side: a client with one
// method for each operation of its contract. operations.go is generated from
// openapi.json, which a test keeps fresh. What the records are is the caller's
// business: an answer is read into whatever it brings.
package remote

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Client asks one server. It is safe for concurrent use if Token is.
type Client struct {
	Issuer string                                // the server's URL, without /api/v1
	Token  func(context.Context) (string, error) // the access token to send
	HTTP   interface {
		Do(*http.Request) (*http.Response, error)
	} // nil: one with a time limit
}

// Problem is why the server refused.
//
// Spec: RFC 9457 §3.1.
type Problem struct {
	Status    int    `json:"status"`
	Rule      string `json:"rule"`
	Title     string `json:"title"`
	Detail    string `json:"detail"`
	RequestID string `json:"request_id"`
}

// Error says what is wrong here, or else what the rule says.
func (p *Problem) Error() string {
	if p.Detail != "" {
		return p.Detail
	}
	return p.Rule + ": " + p.Title
}

// NotFound says whether the error means that the server has no such record.
func NotFound(err error) bool {
	var p *Problem
	return errors.As(err, &p) && p.Status == http.StatusNotFound
}

const (
	base       = "/api/v1"
	patience   = 60 * time.Second
	mostAnswer = 1 << 30
)

var usual = &http.Client{Timeout: patience, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

// request is what an operation sends.
type request struct {
	method, path string
	query        url.Values
	header       http.Header
	body         any // nil: none
}

// do sends a request and reads the answer into a record; nil passes over it.
// Errors: Problem, and those of the network.
func (c *Client) do(ctx context.Context, q request, into any) error {
	var body io.Reader = http.NoBody
	if q.body != nil {
		b, err := json.Marshal(q.body)
		if err != nil {
			return err
		}
		body = bytes.NewReader(b)
	}
	target := strings.TrimSuffix(c.Issuer, "/") + base + q.path
	if len(q.query) > 0 {
		target += "?" + q.query.Encode()
	}
	r, err := http.NewRequestWithContext(ctx, q.method, target, body)
	if err != nil {
		return err
	}
	token, err := c.Token(ctx)
	if err != nil {
		return err
	}
	for name, values := range q.header {
		r.Header[name] = values
	}
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Accept", "application/json, application/problem+json")
	if q.body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	return c.send(r, into)
}

func (c *Client) send(r *http.Request, into any) error {
	web := c.HTTP
	if web == nil {
		web = usual
	}
	resp, err := web.Do(r)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, mostAnswer))
	if err != nil {
		return fmt.Errorf("read the answer of %s: %w", r.URL.Host, err)
	}
	if resp.StatusCode >= http.StatusMultipleChoices {
		p := &Problem{}
		if json.Unmarshal(answer, p) != nil || p.Rule == "" {
			return fmt.Errorf("%s answered %s: no Admin API of this kind is there", r.URL.Host, resp.Status)
		}
		return p
	}
	if into == nil || len(answer) == 0 {
		return nil
	}
	if raw, ok := into.(*[]byte); ok {
		*raw = answer
		return nil
	}
	if err := json.Unmarshal(answer, into); err != nil {
		return fmt.Errorf("read the answer of %s: %w", r.URL.Host, err)
	}
	return nil
}

// Page is one page of a list.
type Page[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next_cursor"`
}

// text writes a parameter that is given; so do its neighbours.
func text(q url.Values, name, value string) {
	if value != "" {
		q.Set(name, value)
	}
}

func number(q url.Values, name string, value int) {
	if value != 0 {
		q.Set(name, strconv.Itoa(value))
	}
}

func boolean(q url.Values, name string, value bool) {
	if value {
		q.Set(name, "true")
	}
}

func list(q url.Values, name string, values []string) {
	for _, v := range values {
		q.Add(name, v)
	}
}

func match(h http.Header, name, value string) {
	if value != "" {
		h.Set(name, value)
	}
}
