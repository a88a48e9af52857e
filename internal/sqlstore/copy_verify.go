package sqlstore

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
)

// sum is a checksum of rows in any order: the sum of the hashes of each, so that
// two databases need not sort alike.
type sum struct {
	rows  int64
	words [4]uint64
}

// add takes a row in. Values are written with their kind and length, so that no
// two rows are written the same way.
func (s *sum) add(row []any) error {
	var b []byte
	for _, v := range row {
		switch v := v.(type) {
		case nil:
			b = append(b, 0)
		case int64:
			b = binary.BigEndian.AppendUint64(append(b, 1), uint64(v)) //nolint:gosec // its bits
		case string:
			b = append(binary.BigEndian.AppendUint64(append(b, 2), uint64(len(v))), v...)
		case []byte:
			b = append(binary.BigEndian.AppendUint64(append(b, 3), uint64(len(v))), v...)
		default:
			return fmt.Errorf("a %T in a row", v)
		}
	}
	h := sha256.Sum256(b)
	for i := range s.words {
		s.words[i] += binary.BigEndian.Uint64(h[8*i:])
	}
	s.rows++
	return nil
}

func (s *sum) String() string {
	var b []byte
	for _, w := range s.words[:2] {
		b = binary.BigEndian.AppendUint64(b, w)
	}
	return hex.EncodeToString(b)
}

// compare reads every row of both sides.
func compare(ctx context.Context, from *source, to *target) (Copied, error) {
	out := Copied{Tables: []CopiedTable{}}
	var bad []string
	for _, t := range from.tables {
		a, err := from.sum(ctx, t)
		if err != nil {
			return out, err
		}
		b, err := to.sum(ctx, t)
		if err != nil {
			return out, err
		}
		if a != b {
			bad = append(bad, fmt.Sprintf("%s (%d rows here, %d there)", t.name, a.rows, b.rows))
		}
		out.Tables = append(out.Tables, CopiedTable{t.name, a.rows, a.String()})
	}
	if bad != nil {
		return out, fmt.Errorf("%w: %s", errCopyDiffers, strings.Join(bad, ", "))
	}
	return out, nil
}

func (s *source) sum(ctx context.Context, t table) (total sum, err error) {
	var after []any
	for n := copyBatch; n == copyBatch; {
		batch, err := s.batch(ctx, t, after)
		if err != nil {
			return total, err
		}
		for _, row := range batch {
			if err := total.add(row); err != nil {
				return total, err
			}
		}
		if n = len(batch); n > 0 {
			if after, err = t.parsePlace(t.place(batch[n-1])); err != nil {
				return total, err
			}
		}
	}
	return total, nil
}

func (t *target) sum(ctx context.Context, table table) (total sum, err error) {
	rows, err := t.conn.Query(ctx, "SELECT "+strings.Join(table.names(), ", ")+" FROM "+table.quoted())
	if err != nil {
		return total, err
	}
	defer rows.Close()
	for rows.Next() {
		row, err := wideRow(rows)
		if err != nil {
			return total, err
		}
		if err := total.add(row); err != nil {
			return total, err
		}
	}
	return total, rows.Err()
}

// wideRow gives numbers the one width that SQLite has.
func wideRow(rows pgx.Rows) ([]any, error) {
	row, err := rows.Values()
	for i, v := range row {
		switch v := v.(type) {
		case int16:
			row[i] = int64(v)
		case int32:
			row[i] = int64(v)
		}
	}
	return row, err
}
