package review

import (
	"context"
	"errors"
	"time"

	"countersign/internal/audit"
)

// KeptWaiver is a waiver as it is kept, with the name under which it is ended.
type KeptWaiver struct {
	ID string `json:"id"`
	Waiver
	Version int64 `json:"-"` // of the row; ending it must name it
}

// KeptRun is a run as it is kept. Document is the run as JSON.
type KeptRun struct {
	ID       string    `json:"id"`
	Taken    time.Time `json:"taken"`
	Score    string    `json:"score"` // whole points, or "none"
	Grade    Grade     `json:"grade"`
	Fails    int       `json:"fails"`
	Document []byte    `json:"-"` // empty in a list
}

// Errors of a Book.
var (
	ErrNoWaiver      = errors.New("there is no such waiver")
	ErrNoRun         = errors.New("there is no such run of the review")
	ErrWaiverChanged = errors.New("the waiver was changed by somebody else meanwhile")
)

// How long runs are kept: whichever ends first. The newest always is.
const (
	MostRuns = 200
	KeepRuns = 400 * Day
)

// Book keeps the waivers and the runs of a server. Each change writes its audit
// event in the same transaction.
type Book interface {
	// AddWaiver keeps a new waiver and sets its Version.
	AddWaiver(ctx context.Context, w *KeptWaiver, e audit.Event) error
	// EndWaiver puts an ended waiver in place of the living one. Errors:
	// ErrNoWaiver, ErrWaiverChanged.
	EndWaiver(ctx context.Context, w *KeptWaiver, e audit.Event) error
	// Waivers reads every waiver, ended ones too, oldest first.
	Waivers(ctx context.Context) ([]KeptWaiver, error)
	// KeepRun keeps a run and drops those that are beyond MostRuns and KeepRuns.
	KeepRun(ctx context.Context, r KeptRun, e audit.Event) error
	// ReviewRuns lists the runs without their documents, newest first.
	ReviewRuns(ctx context.Context) ([]KeptRun, error)
	// ReviewRun reads one run with its document; an empty id means the newest. Errors:
	// ErrNoRun.
	ReviewRun(ctx context.Context, id string) (KeptRun, error)
}
