package grant

import (
	"sync"
	"time"

	"countersign/internal/oauth"
	"countersign/internal/secret"
)

// Endings remembers which grants and tokens ended, as long as a token of theirs
// could still look alive. It is filled by the poll of the database and by this
// node's own changes, and answers without touching either. The zero value is
// empty. Safe for concurrent use.
type Endings struct {
	mu       sync.RWMutex
	families map[secret.ID]time.Time
	tokens   map[secret.ID]time.Time
	users    map[oauth.UserID]time.Time
	clients  map[oauth.ClientID]time.Time
	pairs    map[pairKey]time.Time
}

type pairKey struct {
	user   oauth.UserID
	client oauth.ClientID
}

// Add notes an ending. Adding one twice is harmless.
func (e *Endings) Add(list ...Ending) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, x := range list {
		at := x.ID.Time()
		switch x.Kind {
		case EndFamily:
			note(&e.families, x.Family, at)
		case EndAccess:
			note(&e.tokens, x.Family, at)
		case EndUser:
			note(&e.users, x.User, at)
		case EndClient:
			note(&e.clients, x.Client, at)
		case EndPair:
			note(&e.pairs, pairKey{x.User, x.Client}, at)
		}
	}
}

func note[K comparable](m *map[K]time.Time, k K, at time.Time) {
	if *m == nil {
		*m = make(map[K]time.Time)
	}
	if old, ok := (*m)[k]; !ok || at.After(old) {
		(*m)[k] = at
	}
}

// Dead says whether the grant ended: the family itself, or everything of its
// person, its app or both that was begun no later than the ending.
//
// Spec: RFC 7009 §2.1.
func (e *Endings) Dead(g *Grant) bool {
	e.mu.RLock()
	defer e.mu.RUnlock()
	if _, ok := e.families[g.ID]; ok {
		return true
	}
	begun := g.ID.Time()
	return ended(e.users, g.User, begun) || ended(e.clients, g.Client, begun) ||
		ended(e.pairs, pairKey{g.User, g.Client}, begun)
}

// DeadToken says whether the access token ended, alone or with its grant.
func (e *Endings) DeadToken(a *Access) bool {
	e.mu.RLock()
	_, alone := e.tokens[a.TokenID]
	e.mu.RUnlock()
	return alone || e.Dead(&a.Grant)
}

func ended[K comparable](m map[K]time.Time, k K, begun time.Time) bool {
	at, ok := m[k]
	return ok && !begun.After(at)
}

// Sweep forgets endings older than the given time: no token from before it can
// be alive.
func (e *Endings) Sweep(before time.Time) {
	e.mu.Lock()
	defer e.mu.Unlock()
	sweep(e.families, before)
	sweep(e.tokens, before)
	sweep(e.users, before)
	sweep(e.clients, before)
	sweep(e.pairs, before)
}

func sweep[K comparable](m map[K]time.Time, before time.Time) {
	for k, at := range m {
		if at.Before(before) {
			delete(m, k)
		}
	}
}

// Len returns how many endings are remembered.
func (e *Endings) Len() int {
	e.mu.RLock()
	defer e.mu.RUnlock()
	return len(e.families) + len(e.tokens) + len(e.users) + len(e.clients) + len(e.pairs)
}
