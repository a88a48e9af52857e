package review

import (
	"net/netip"
	"slices"
	"strings"
	"time"
)

// derivation is a derived value with the facts that made it so.
type derivation struct {
	value Value
	facts []Fact
	reads []Read // the values it was computed from
}

// derivations computes the derived terms. The texts of the expressions are in
// the vocabulary; a test checks that both list the same names.
func derivations() map[string]func(*Eval) derivation {
	m := map[string]func(*Eval) derivation{
		"app.scopes.unused": func(e *Eval) derivation { return derivation{value: unusedScopes(e)} },
	}
	for _, clauses := range []map[string]func(*Eval) Truth{flowFacts(), termFacts()} {
		for name, clause := range clauses {
			m[name] = func(e *Eval) derivation {
				t := clause(e)
				return derivation{value: asValue(t), facts: t.facts}
			}
		}
	}
	return m
}

// flowFacts are derived from the flows of an app and what they must prove.
func flowFacts() map[string]func(*Eval) Truth {
	return map[string]func(*Eval) Truth{
		"app.issues_codes": func(e *Eval) Truth {
			return Any(e.True("app.flows.authorization_code"), e.True("app.flows.code_and_credentials"))
		},
		"app.interactive": func(e *Eval) Truth {
			return Any(e.True("app.issues_codes"), e.True("app.flows.device"))
		},
		"app.has_machine_flow": func(e *Eval) Truth {
			return Any(e.True("app.flows.client_credentials"), e.True("app.flows.jwt_bearer"))
		},
		"app.machine_only": func(e *Eval) Truth {
			return All(e.True("app.has_machine_flow"), e.False("app.interactive"))
		},
		"app.issues_user_tokens": func(e *Eval) Truth {
			return Any(e.True("app.interactive"), e.True("app.flows.jwt_bearer"), e.True("app.flows.token_exchange"))
		},
		"app.issues_tokens": func(e *Eval) Truth {
			return Any(e.True("app.interactive"), e.True("app.has_machine_flow"), e.True("app.flows.token_exchange"))
		},
		"app.shared_secret": func(e *Eval) Truth {
			return e.In("app.client_auth", "client_secret_basic", "client_secret_post", "client_secret_jwt")
		},
		"app.asymmetric_auth": func(e *Eval) Truth {
			return e.In("app.client_auth", "private_key_jwt", "tls_client_auth", "self_signed_tls_client_auth")
		},
		"app.pkce.enforced": func(e *Eval) Truth {
			return All(e.True("app.pkce.required"), e.Exactly("app.pkce.methods", "S256"))
		},
	}
}

// termFacts are derived from the keys, tokens, networks and scopes of an app.
func termFacts() map[string]func(*Eval) Truth {
	return map[string]func(*Eval) Truth{
		"app.keys.sound": keysSound,
		"app.refresh.sender_constrained": func(e *Eval) Truth {
			return Any(
				All(e.Is("app.client_type", "public"), e.In("app.access_token.binding", "dpop", "mtls")),
				All(e.True("app.asymmetric_auth"), e.True("app.require_secret.refresh")),
			)
		},
		"app.policy.ip_fenced": func(e *Eval) Truth {
			return All(
				e.Is("app.policy.ip", "enforce"),
				e.NotEmpty("app.policy.ip_ranges"),
				e.EveryItem("app.policy.ip_ranges", "no range wider than /8 (IPv4) or /32 (IPv6)", wideRange),
			)
		},
		"app.scopes.any_wildcard": func(e *Eval) Truth {
			return e.AnyScope("no scope stands for everything", func(s *Eval) Truth { return s.True("scope.wildcard") })
		},
		"app.scopes.any_privileged": func(e *Eval) Truth {
			return e.AnyScope("no scope is privileged", func(s *Eval) Truth {
				return Any(s.True("scope.privileged"), s.True("scope.wildcard"))
			})
		},
		"app.scopes.only_identity": func(e *Eval) Truth {
			return e.EveryScope("every scope is an identity scope", func(s *Eval) Truth { return s.True("scope.identity") })
		},
		"app.scopes.offline_access": func(e *Eval) Truth {
			return Any(e.Contains("app.scopes", "offline_access"), e.Contains("app.scopes", "refresh_token"))
		},
	}
}

// asValue turns a clause's outcome into a value that names the layers which
// decided, and the file and line if one value decided.
func asValue(t Truth) Value {
	v := Value{Presence: Known, Data: t.Holds()}
	if t.Unknown() {
		v = Value{Presence: Unread}
	}
	var layers []string
	for _, f := range t.facts {
		from := f.Value.Layer
		if f.Name != "" && from != "" && !slices.Contains(layers, from) {
			layers = append(layers, from)
		}
		if v.File == "" {
			v.File, v.Line = f.Value.File, f.Value.Line
		}
	}
	v.Layer = strings.Join(layers, ", ")
	return v
}

// keysSound holds if there is a key and every key is strong and lasts for 30
// days from the snapshot.
func keysSound(e *Eval) Truth {
	return e.compare("app.keys", "RSA from 2048 bits, EC P-256 or stronger, or Ed25519, valid for 30 more days", func(d any) bool {
		keys, _ := d.([]Key)
		for _, k := range keys {
			if !k.sound(e.run.snapshot.Taken) {
				return false
			}
		}
		return len(keys) > 0
	})
}

func (k Key) sound(now time.Time) bool {
	if !k.NotAfter.IsZero() && !k.NotAfter.After(now.Add(30*Day)) {
		return false
	}
	alg := strings.ToUpper(k.Alg)
	switch {
	case alg == "ED25519" || alg == "EDDSA":
		return true
	case strings.HasPrefix(alg, "RS") || strings.HasPrefix(alg, "PS"):
		return k.Bits >= 2048
	case strings.HasPrefix(alg, "E"):
		return k.Bits >= 256 || alg == "ES256" || alg == "ES384" || alg == "ES512"
	}
	return false
}

// wideRange refuses what fences nothing: an unreadable range, or one wider
// than a /8 of IPv4 or a /32 of IPv6.
func wideRange(text string) string {
	if p, err := netip.ParsePrefix(text); err == nil {
		if least := widest(p.Addr()); p.Bits() < least {
			return "is too wide to fence anything"
		}
		return ""
	}
	from, to, isRange := strings.Cut(text, "-")
	first, err := netip.ParseAddr(strings.TrimSpace(from))
	if err != nil {
		return "is not an address range"
	}
	if !isRange {
		return ""
	}
	last, err := netip.ParseAddr(strings.TrimSpace(to))
	if err != nil || last.Less(first) {
		return "is not an address range"
	}
	if p, err := first.Prefix(widest(first)); err != nil || !p.Contains(last) {
		return "is too wide to fence anything"
	}
	return ""
}

func widest(a netip.Addr) int {
	if a.Is4() {
		return 8
	}
	return 32
}

// unusedScopes lists scopes nobody used in 90 days; a young app has none.
func unusedScopes(e *Eval) Value {
	created, scopes, used := e.raw("app.created"), e.raw("app.scopes"), e.raw("app.usage.scopes_used")
	e.log.note("app.created", created, "")
	e.log.note("app.scopes", scopes, "")
	e.log.note("app.usage.scopes_used", used, "")
	if at, ok := created.Data.(time.Time); ok && at.After(e.run.snapshot.Taken.Add(-90*Day)) {
		return Of([]string(nil), created.Layer)
	}
	assigned, ok := scopes.Data.([]string)
	if !ok {
		return Unreadable(scopes.Layer)
	}
	if len(assigned) > 0 && used.Presence == Unread {
		return Unreadable(used.Layer)
	}
	seen, _ := used.Data.([]string)
	unused := []string{}
	for _, s := range assigned {
		if !slices.Contains(seen, s) {
			unused = append(unused, s)
		}
	}
	if len(unused) > 0 && created.Presence == Unread {
		return Unreadable(created.Layer) // a young app would have none
	}
	v := scopes
	v.Presence, v.Data = Known, unused
	return v
}
