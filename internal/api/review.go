package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"

	"countersign/internal/admin"
	"countersign/internal/review"
	"countersign/internal/review/controls"
	"countersign/internal/review/report"
	"countersign/internal/web"
)

// aRun answers with a run, in the form that review.schema.json describes.
func aRun(status int, run *review.Run) (web.Answer, error) {
	var b bytes.Buffer
	err := report.JSON(&b, run)
	return web.Answer{Status: status, Media: web.MediaJSON, Body: b.Bytes()}, err
}

func (c *call) reviewing() admin.Reviewing {
	return admin.Reviewing{Apps: c.Form.Query.All("apps"), Controls: c.Form.Query.All("controls")}
}

func reviewNow(c *call) (web.Answer, error) {
	run, _, err := c.desk.Review(c.Context(), c.reviewing())
	if err != nil {
		return web.Answer{}, err
	}
	return aRun(http.StatusOK, run)
}

func keepRun(c *call) (web.Answer, error) {
	run, id, err := c.desk.Review(c.Context(), admin.Reviewing{Keep: true})
	if err != nil {
		return web.Answer{}, err
	}
	a, err := aRun(http.StatusCreated, run)
	return c.made(a, err, "/review/runs/"+id)
}

func listRuns(c *call) (web.Answer, error) {
	runs, err := c.desk.ReviewRuns(c.Context())
	if err != nil {
		return web.Answer{}, err
	}
	return paged(runs, "")
}

func showRun(c *call) (web.Answer, error) {
	run, _, err := c.desk.ReviewRun(c.Context(), c.HTTP.PathValue("run_id"))
	if err != nil {
		return web.Answer{}, err
	}
	return aRun(http.StatusOK, run)
}

func compareRuns(c *call) (web.Answer, error) {
	before, _, err := c.desk.ReviewRun(c.Context(), c.text("from"))
	if err != nil {
		return web.Answer{}, err
	}
	var after *review.Run
	if to := c.text("to"); to != "" {
		after, _, err = c.desk.ReviewRun(c.Context(), to)
	} else {
		after, _, err = c.desk.Review(c.Context(), admin.Reviewing{})
	}
	if err != nil {
		return web.Answer{}, err
	}
	return web.JSON(http.StatusOK, review.Compare(before, after))
}

// aControl writes one control as the command line does.
func aControl(list ...review.Control) ([]json.RawMessage, error) {
	var b bytes.Buffer
	if err := report.ControlsJSON(&b, list); err != nil {
		return nil, err
	}
	var out []json.RawMessage
	return out, json.Unmarshal(b.Bytes(), &out)
}

func listControls(*call) (web.Answer, error) {
	out, err := aControl(controls.Catalogue()...)
	if err != nil {
		return web.Answer{}, err
	}
	return paged(out, "")
}

func showControl(c *call) (web.Answer, error) {
	id := c.HTTP.PathValue("control_id")
	found, ok := controls.Control(id)
	if !ok {
		return web.Answer{}, fmt.Errorf("%q: %w", id, admin.ErrNoControl)
	}
	out, err := aControl(found)
	if err != nil {
		return web.Answer{}, err
	}
	return web.JSON(http.StatusOK, out[0])
}

// fixes are what a request wants mended.
type fixes struct {
	Apps     []string `json:"apps"`
	Controls []string `json:"controls"`
	Breaking bool     `json:"breaking"`
	Consent  consent  `json:"consent"`
}

func (c *call) mending() (*admin.Mending, admin.Consent, error) {
	var in fixes
	if err := c.read(&in); err != nil {
		return nil, admin.Consent{}, err
	}
	words, err := c.consented(in.Consent)
	if err != nil {
		return nil, words, err
	}
	m, err := c.desk.Mend(c.Context(), admin.Reviewing{Apps: in.Apps, Controls: in.Controls}, in.Breaking)
	return m, words, err
}

func previewFix(c *call) (web.Answer, error) {
	m, _, err := c.mending()
	if err != nil {
		return web.Answer{}, err
	}
	return web.JSON(http.StatusOK, m)
}

func applyFix(c *call) (web.Answer, error) {
	m, words, err := c.mending()
	if err == nil {
		err = c.desk.Apply(c.Context(), m, words)
	}
	if err != nil {
		return web.Answer{}, err
	}
	return web.JSON(http.StatusOK, m)
}
