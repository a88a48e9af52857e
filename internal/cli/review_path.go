package cli

import (
	"time"

	"countersign/internal/admin"
	"countersign/internal/review"
)

// reviewPaths reads Salesforce metadata for a review: no server, no database.
func reviewPaths(paths []string, now time.Time) (review.Snapshot, error) {
	m, err := admin.ReadMetadata(paths)
	if err != nil {
		return review.Snapshot{}, err
	}
	return m.Snapshot(now), nil
}
