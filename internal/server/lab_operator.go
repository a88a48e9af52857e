package server

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"countersign/internal/account"
	"countersign/internal/admin"
	"countersign/internal/audit"
	"countersign/internal/jose"
	"countersign/internal/oauth"
	"countersign/internal/probe"
)

// operator is what the harness may do in the lab besides being a client: what an
// administrator does, through the same desk.
func (l *Lab) operator(people map[string]oauth.UserID) probe.Operator {
	return probe.Operator{
		Advance: l.Advance,
		Block: func(ctx context.Context, app string, on bool) error {
			return l.set(ctx, app, "enabled", word(!on))
		},
		FirstParty: func(ctx context.Context, app string, on bool) error {
			return l.set(ctx, app, "first-party", word(on))
		},
		Quota: func(ctx context.Context, app string, hourly int) error {
			if hourly == 0 {
				return l.set(ctx, app, "rate-limit", "none")
			}
			return l.set(ctx, app, "rate-limit", strconv.Itoa(hourly))
		},
		EndUser: func(ctx context.Context, name string) error {
			_, err := l.DB.EndGrants(ctx, people[name], "", l.clock.Now(), l.event(audit.GrantRevoked))
			return err
		},
		Assign: func(ctx context.Context, name string, on bool) error {
			return l.regroup(ctx, people[name], on)
		},
		Disable: func(ctx context.Context, name string, off bool) error {
			state, event := account.Active, audit.UserEnabled
			if off {
				state, event = account.Disabled, audit.UserDisabled
			}
			return l.DB.SetState(ctx, people[name], state, l.event(event))
		},
		Rotate: func(ctx context.Context, app string, overlap time.Duration) (string, error) {
			r, err := l.Desk.RotateSecret(ctx, oauth.ClientID(app), overlap)
			return r.Secret, err
		},
		Sign: func(_ context.Context, alg, typ string, claims []byte) (string, error) {
			s, err := l.ring.Signer(jose.Alg(alg))
			if err != nil {
				return "", err
			}
			return s.Sign(typ, claims)
		},
		Keys:     l.changeKeys,
		Reads:    l.reads,
		Traces:   l.traces,
		Audited:  l.audited,
		Register: l.draft,
	}
}

// set changes a setting of an app, as an administrator does who insists.
func (l *Lab) set(ctx context.Context, app, field, value string) error {
	_, err := l.Desk.ChangeApp(ctx, oauth.ClientID(app), []admin.Set{{Field: field, Values: []string{value}}}, admin.Consent{Force: true})
	return err
}

func word(on bool) string {
	if on {
		return "on"
	}
	return "off"
}

func (l *Lab) regroup(ctx context.Context, id oauth.UserID, on bool) error {
	a, err := l.DB.Account(ctx, id)
	if err != nil {
		return err
	}
	if a.Groups = nil; on {
		a.Groups = []string{labGroup}
	}
	e := l.event(audit.UserChanged)
	e.User = id
	return l.DB.ChangeAccount(ctx, a, e)
}

func (l *Lab) changeKeys(ctx context.Context, what probe.KeyChange) error {
	for _, alg := range []jose.Alg{jose.ES256, jose.RS256} {
		if what == probe.RotateKeys {
			if _, err := l.Desk.RotateKey(ctx, alg, false); err != nil {
				return err
			}
		}
	}
	_, err := l.Desk.TurnKeys(ctx)
	return err
}

// reads is everything a management answer may contain of the lab's apps.
func (l *Lab) reads(ctx context.Context) (map[string]string, error) {
	apps, err := l.Desk.AllApps(ctx)
	if err != nil {
		return nil, err
	}
	var list, export bytes.Buffer
	for _, c := range apps {
		view, err := json.Marshal(admin.ViewApp(c)) //nolint:gosec // whether a secret is in it is the question
		if err != nil {
			return nil, err
		}
		list.Write(view)
		fmt.Fprintf(&export, "%+v\n", *c)
	}
	run, _, err := l.Desk.Review(ctx, admin.Reviewing{})
	if err != nil {
		return nil, err
	}
	report, err := json.Marshal(run)
	if err != nil {
		return nil, err
	}
	return map[string]string{"the list of apps": list.String(), "the records of the apps": export.String(), "the review": string(report)}, nil
}

// traces is what the server wrote down: its log, its metrics, its audit log.
func (l *Lab) traces(ctx context.Context) (map[string]string, error) {
	l.refused.Flush(ctx)
	events, err := l.DB.List(ctx, audit.Filter{Newest: true, Limit: 5000})
	if err != nil {
		return nil, err
	}
	var log strings.Builder
	for _, e := range events {
		log.Write(e.Encode())
		log.WriteByte('\n')
	}
	metrics, err := l.metrics.registry.Gather()
	if err != nil {
		return nil, err
	}
	return map[string]string{"the log": l.log.text(), "the audit log": log.String(), "the metrics": fmt.Sprint(metrics)}, nil
}

func (l *Lab) audited(ctx context.Context) ([]probe.Audited, error) {
	l.refused.Flush(ctx)
	events, err := l.DB.List(ctx, audit.Filter{Newest: true, Limit: 2000})
	if err != nil {
		return nil, err
	}
	var out []probe.Audited
	for _, e := range events {
		if e.Rule != "" {
			out = append(out, probe.Audited{Rule: e.Rule, App: string(e.App)})
		}
	}
	return out, nil
}

// draft says whether an app with this value could be registered. It is not.
func (l *Lab) draft(ctx context.Context, field, value string) error {
	r, err := l.Desk.CreateApp(ctx, "", []admin.Set{
		{Field: "name", Values: []string{"Draft"}}, {Field: "first-party", Values: []string{"on"}}, {Field: field, Values: []string{value}},
	}, admin.Consent{Force: true})
	if err != nil {
		return err
	}
	return l.Desk.DeleteApp(ctx, r.App.ID)
}
