package sqlstore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"countersign/internal/audit"
	"countersign/internal/client"
	"countersign/internal/key"
	"countersign/internal/secret"
)

// Kinds of documents in the configuration.
const (
	kindOrg    int16 = 1
	kindClient int16 = 2
	kindKey    int16 = 3
	kindWaiver int16 = 4
)

// tenant is the only one there is.
const tenant = ""

const orgID = "org"

const (
	// bumpVersion comes first in every change of configuration: its row lock
	// makes the order of versions the order of commits, so that no poll steps
	// over a change.
	bumpVersion   = `UPDATE config_version SET ver = ver + 1 WHERE id = 1 RETURNING ver`
	insertConfig  = `INSERT INTO config (tenant, kind, id, ver, doc) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING RETURNING ver`
	replaceConfig = `UPDATE config SET ver = $4, doc = $5 WHERE tenant = $1 AND kind = $2 AND id = $3 AND ver = $6 AND doc IS NOT NULL RETURNING ver`
	deleteConfig  = `UPDATE config SET ver = $4, doc = NULL WHERE tenant = $1 AND kind = $2 AND id = $3 AND doc IS NOT NULL RETURNING ver`
	selectConfig  = `SELECT ver, doc FROM config WHERE tenant = $1 AND kind = $2 AND id = $3 AND doc IS NOT NULL`
	selectVersion = `SELECT ver FROM config_version WHERE id = 1`
	selectNewer   = `SELECT kind, id, ver, doc FROM config WHERE tenant = $1 AND kind = $2 AND ver > $3`
	selectKind    = `SELECT kind, id, ver, doc FROM config WHERE tenant = $1 AND kind = $2 AND doc IS NOT NULL`
)

// document is one row of the configuration; doc is nil when it was deleted.
type document struct {
	kind int16
	id   string
	ver  int64
	doc  []byte
}

func (d *document) decode(into any) error {
	if err := json.Unmarshal(d.doc, into); err != nil {
		return fmt.Errorf("configuration document %d/%s: %w", d.kind, d.id, err)
	}
	return nil
}

func (d *document) org() (o client.Org, err error) {
	err = d.decode(&o)
	o.Version = d.ver
	return o, err
}

func (d *document) client() (*client.Client, error) {
	if d.doc == nil {
		return nil, nil //nolint:nilnil // a deleted app, as Changes has it
	}
	c := &client.Client{Version: d.ver}
	return c, d.decode(c)
}

func (d *document) key() (*key.Key, error) {
	k := &key.Key{Version: d.ver}
	return k, d.decode(k)
}

var errNoRow = errors.New("no such document")

// configure changes one document of the configuration in one transaction with
// its event, and tells the follower. write gets the new version and answers
// whether its row was there; if not, refuse says why.
func (db *DB) configure(ctx context.Context, e audit.Event, write func(t tx, ver int64) (bool, error), refuse func(t tx) error) (int64, error) {
	var ver int64
	err := db.report(ctx, e, func(t tx) error {
		if found, err := t.one(bumpVersion, nil, &ver); err != nil || !found {
			return errors.Join(errNoVersion(found), err)
		}
		found, err := write(t, ver)
		if err == nil && !found {
			err = refuse(t)
		}
		return err
	})
	if err != nil {
		return 0, err // ver may still be written by a try that was given up
	}
	db.configured(ctx)
	return ver, nil
}

func errNoVersion(found bool) error {
	if found {
		return nil
	}
	return errors.New("the database has no configuration version: restore a backup")
}

// create puts in a new document.
func (db *DB) create(ctx context.Context, kind int16, id string, doc any, e audit.Event, exists error) (int64, error) {
	text, err := json.Marshal(doc)
	if err != nil {
		return 0, err
	}
	return db.configure(ctx, e, func(t tx, ver int64) (bool, error) {
		return t.one(insertConfig, []any{tenant, kind, id, ver, text}, &ver)
	}, func(tx) error { return exists })
}

// replace puts a document in place of the one with the same id and version old.
func (db *DB) replace(ctx context.Context, kind int16, id string, old int64, doc any, e audit.Event, gone, changed error) (int64, error) {
	text, err := json.Marshal(doc)
	if err != nil {
		return 0, err
	}
	return db.configure(ctx, e, func(t tx, ver int64) (bool, error) {
		return t.one(replaceConfig, []any{tenant, kind, id, ver, text, old}, &ver)
	}, func(t tx) error {
		d := document{kind: kind, id: id}
		switch found, err := t.one(selectConfig, []any{tenant, kind, id}, &d.ver, &d.doc); {
		case err != nil:
			return err
		case !found:
			return gone
		}
		return changed
	})
}

// documents reads all documents of a kind.
func (db *DB) documents(ctx context.Context, kind int16, row func(d document) error) error {
	return db.eng.read(ctx, func(t tx) error {
		return t.each(selectKind, []any{tenant, kind}, func(scan func(...any) error) error {
			var d document
			if err := scan(&d.kind, &d.id, &d.ver, &d.doc); err != nil {
				return err
			}
			return row(d)
		})
	})
}

// document reads one document. Errors: errNoRow.
func (db *DB) document(ctx context.Context, kind int16, id string) (document, error) {
	d := document{kind: kind, id: id}
	err := db.eng.read(ctx, func(t tx) error {
		found, err := t.one(selectConfig, []any{tenant, kind, id}, &d.ver, &d.doc)
		if err == nil && !found {
			err = errNoRow
		}
		return err
	})
	return d, err
}

// firstOrg are the settings of a new database.
func firstOrg(now time.Time) ([]byte, error) {
	return json.Marshal(client.Org{
		ID: secret.NewRecordID(secret.PrefixOrg, now), SiteID: secret.NewRecordID(secret.PrefixSite, now),
		Name: "Countersign", Created: now.UTC().Truncate(time.Second),
	})
}
