package cli

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"countersign/internal/evidence"
	"countersign/internal/probe"
)

// probeTable prints one line for each scenario, and each case that did not hold
// below it.
func probeTable(s *session, all []evidence.Transcript) error {
	rows := [][]string{{"RESULT", "SCENARIO", "CASES", "WHAT ANSWERED, OR WHY"}}
	counts := map[evidence.Result]int{}
	for _, t := range all {
		counts[t.Result]++
		held, ran := 0, 0
		for _, c := range t.Cases {
			if c.Result != evidence.NotApplicable {
				ran++
			}
			if c.Result == evidence.Held {
				held++
			}
		}
		why := strings.Join(t.AnsweredBy, ", ")
		if t.Inferred && why != "" {
			why += " (inferred from the error codes)"
		}
		if t.Why != "" {
			why = t.Why
		}
		rows = append(rows, []string{resultWord(t.Result), strings.TrimPrefix(t.Probe, "probe."), strconv.Itoa(held) + " of " + strconv.Itoa(ran), why})
		for _, c := range t.Cases {
			if c.Result == evidence.Broken || c.Result == evidence.Inconclusive && t.Result != evidence.NotApplicable {
				rows = append(rows, []string{"", fmt.Sprintf("  %d %s", c.Number, c.Door), string(c.Result), c.Title + ": " + c.Why})
			}
		}
	}
	if err := s.table(rows); err != nil {
		return err
	}
	fmt.Fprintf(s.out, "\n%d held, %d broken, %d not applicable, %d inconclusive\n",
		counts[evidence.Held], counts[evidence.Broken], counts[evidence.NotApplicable], counts[evidence.Inconclusive])
	return nil
}

func resultWord(r evidence.Result) string {
	switch r {
	case evidence.Broken:
		return "BROKEN"
	case evidence.NotApplicable:
		return "not applicable"
	case evidence.Held, evidence.Inconclusive:
	}
	return string(r)
}

// codeTime bounds how long a command may take to sign in.
const codeTime = 2 * time.Minute

// byCommand signs in by a command of the person's: it gets the authorization
// request in AUTHORIZATION_URL, and the last line it prints is where the server
// redirected to, or the code alone.
func byCommand(command string) probe.Browse {
	return func(ctx context.Context, _ func(*http.Request) (*probe.Answer, error), authorize string, request url.Values, p *probe.Person) (*probe.Answer, error) {
		at, err := probe.AuthorizationURL(authorize, request)
		if err != nil {
			return nil, err
		}
		ctx, cancel := context.WithTimeout(ctx, codeTime)
		defer cancel()
		run := exec.CommandContext(ctx, "/bin/sh", "-c", command) //nolint:gosec // the person wrote it on their own command line
		run.Env = append(run.Environ(), "AUTHORIZATION_URL="+at.String(), "PROBE_USERNAME="+p.Username, "PROBE_PASSWORD="+p.Password)
		out, err := run.Output()
		if err != nil {
			return nil, fmt.Errorf("--code-command: %w", err)
		}
		lines := strings.Split(strings.TrimSpace(string(out)), "\n")
		last := strings.TrimSpace(lines[len(lines)-1])
		if last == "" {
			return nil, errors.New("--code-command printed nothing")
		}
		if !strings.Contains(last, ":") {
			last = request.Get("redirect_uri") + "?" + url.Values{"code": {last}}.Encode()
		}
		return &probe.Answer{Status: http.StatusFound, Header: http.Header{"Location": {last}}}, nil
	}
}
