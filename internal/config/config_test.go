package config

import (
	"errors"
	"io/fs"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"countersign/internal/client"
	"countersign/internal/login"
	"countersign/internal/secret"
)

// files answers reads from a map.
func files(m map[string]string) func(string) ([]byte, error) {
	return func(name string) ([]byte, error) {
		text, ok := m[name]
		if !ok {
			return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
		}
		return []byte(text), nil
	}
}

func load(t *testing.T, yaml string, environ []string, flags map[string]string) (Loaded, []string) {
	t.Helper()
	l, err := Load(Input{
		File: "c.yaml", Environ: environ, Flags: flags,
		Read: files(map[string]string{"c.yaml": yaml, "key": string(fixedKey), "empty": "\n"}),
	})
	if err == nil {
		return l, nil
	}
	var f Faults
	if !errors.As(err, &f) {
		t.Fatalf("error is %T, want Faults: %v", err, err)
	}
	return l, strings.Split(f.Error(), "\n")
}

var fixedKey = secret.NewMasterKey()

func TestDefaultsAreSound(t *testing.T) {
	l, faults := load(t, "# nothing\n", nil, nil)
	if faults != nil {
		t.Fatal(faults)
	}
	if diff := cmp.Diff(Default(), l.Config); diff != "" {
		t.Errorf("(-default +loaded):\n%s", diff)
	}
	if diff := cmp.Diff(login.DefaultLimits, l.Config.Login.Limits()); diff != "" {
		t.Errorf("limits (-login +config):\n%s", diff)
	}
}

func TestOrderOfSources(t *testing.T) {
	yaml := "listen: 127.0.0.1:1\nmetrics_listen: 127.0.0.1:2\nissuer: https://a.example\nlogin:\n  person: {free: 7}\n"
	l, faults := load(t, yaml, []string{"COUNTERSIGN_METRICS_LISTEN=127.0.0.1:3", "COUNTERSIGN_ISSUER=https://b.example", "HOME=/x"},
		map[string]string{"issuer": "https://c.example"})
	if faults != nil {
		t.Fatal(faults)
	}
	c := l.Config
	got := []string{c.Listen, c.MetricsListen, c.Issuer}
	if diff := cmp.Diff([]string{"127.0.0.1:1", "127.0.0.1:3", "https://c.example"}, got); diff != "" {
		t.Error(diff)
	}
	if c.Login.Person.Free != 7 {
		t.Errorf("login.person.free = %d, want 7", c.Login.Person.Free)
	}
	want := map[string]string{
		"listen": "c.yaml:1", "metrics_listen": "COUNTERSIGN_METRICS_LISTEN", "issuer": "--issuer", "login.person.free": "c.yaml:5",
	}
	if diff := cmp.Diff(want, l.Sources); diff != "" {
		t.Errorf("sources:\n%s", diff)
	}
}

func TestEveryFaultAtOnce(t *testing.T) {
	yaml := `listen: 127.0.0.1:8480
listn: 127.0.0.1:1
issuer: http://login.example.com
listen: 127.0.0.1:2
password:
  memory_kib: lots
  min_length: 4
  colour: blue
salesforce:
  enabled: yes
trusted_proxies: 10.0.0.0/8
poll_interval: 3s
shutdown_grace: -1s
login: 7
audit_retention: &a 30d
drain_wait: *a
log_level:
master_key: 1
`
	_, got := load(t, yaml, []string{"COUNTERSIGN_LISTNE=x", "COUNTERSIGN_PASSWORD_TIME=soon"}, map[string]string{"no.such": "1"})
	want := []string{
		`c.yaml:2: listn: there is no such key; is listen meant?`,
		`c.yaml:3: issuer: "http://login.example.com": https, unless the host is this machine (RFC 8414 §2)`,
		`c.yaml:4: listen: this key is given twice; first in line 1`,
		`c.yaml:6: password.memory_kib: expected a whole number, found "lots"`,
		`c.yaml:7: password.min_length: 4 is not between 8 and 64 (NIST SP 800-63B-4 §3.1.1.2)`,
		`c.yaml:8: password.colour: there is no such key`,
		`c.yaml:10: salesforce.enabled: expected true or false, found "yes"`,
		`c.yaml:11: trusted_proxies: expected a list of texts, found "10.0.0.0/8"`,
		`c.yaml:12: poll_interval: 3s is not between 10ms and 500ms`,
		`c.yaml:13: shutdown_grace: a length of time is not negative, found "-1s"`,
		`c.yaml:14: login: expected keys and values below, found "7"`,
		`c.yaml:15: audit_retention: anchors and aliases are not allowed: write the value out`,
		`c.yaml:16: drain_wait: anchors and aliases are not allowed: write the value out`,
		`c.yaml:17: log_level: has no value; leave the key out, or write "" for an empty text`,
		`c.yaml:18: master_key: expected text, found "1"`,
		`COUNTERSIGN_LISTNE: no key of the configuration has this name`,
		`COUNTERSIGN_PASSWORD_TIME: password.time: expected a whole number, found "soon"`,
		`--no-such: no.such: there is no such key`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("faults (-want +got):\n%s", diff)
	}
}

func TestOneFault(t *testing.T) {
	tests := map[string]struct {
		yaml string
		want string
	}{
		"no YAML":           {"a: [1\nb: 2", "c.yaml:2: this is not YAML: "},
		"two documents":     {"---\nlisten: ':1'\n---\nlisten: ':2'\n", "c.yaml:1: a configuration is one YAML document, not several"},
		"a list":            {"- listen", "c.yaml:1: expected keys and values"},
		"no address":        {"listen: localhost", `c.yaml:1: listen: "localhost" is no address and port`},
		"no port":           {"metrics_listen: ':banana'", "c.yaml:1: metrics_listen: "},
		"number as text":    {"listen: 8480", `c.yaml:1: listen: expected text, found "8480"`},
		"issuer with slash": {"issuer: https://a.example/", "no slash at the end"},
		"issuer with query": {"issuer: https://a.example?x", "no query"},
		"issuer in capital": {"issuer: https://A.example", "lower case"},
		"issuer no URL":     {"issuer: a.example", "is no URL"},
		"base URL":          {"salesforce: {base_url: 'http://a.example'}", "c.yaml:1: salesforce.base_url: "},
		"site prefix":       {"salesforce: {site_prefix: customers}", "is no path"},
		"certificate gone":  {"tls: {certificate_file: /dev/null, key_file: /there/is/none.pem}", "cannot be read"},
		"key without cert":  {"tls: {key_file: k.pem}", "certificate_file and key_file go together"},
		"postgres":          {"database: mysql://x", "it is no URL of PostgreSQL; write postgres://"},
		"no data":           {"data: ''", "name a directory"},
		"proxy":             {"trusted_proxies: [elsewhere]", "neither an address nor a range"},
		"proxy header":      {"proxy_header: x-real-ip", "neither x-forwarded-for nor forwarded"},
		"log level":         {"log_level: loud", "is none of debug"},
		"weak hash":         {"password: {memory_kib: 64}", "c.yaml:1: password.memory_kib: "},
		"lanes":             {"password: {parallelism: 0}", "c.yaml:1: password.parallelism: "},
		"workers":           {"password: {workers: 5000}", "password.workers"},
		"queue":             {"password: {queue: 5000000}", "password.queue"},
		"wait":              {"password: {wait: 5m}", "password.wait"},
		"free":              {"login: {person: {free: 0}}", "0 would lock people out"},
		"window":            {"login: {person_address: {window: 90d}}", "login.person_address.window"},
		"first wait":        {"login: {person: {first_wait: 1h}}", "login.person.first_wait"},
		"longest wait":      {"login: {person: {longest_wait: 7d}}", "login.person.longest_wait"},
		"burst":             {"login: {app: {burst: 0}}", "0 would refuse everybody"},
		"every":             {"login: {address: {every: 0s}}", "login.address.every"},
		"suspect":           {"login: {suspect_burst: 0}", "login.suspect_burst"},
		"tracked":           {"login: {tracked: 1}", "login.tracked"},
		"retention":         {"audit_retention: 1h", "audit_retention"},
		"grace":             {"shutdown_grace: 1h", "shutdown_grace"},
		"drain":             {"drain_wait: 1h", "drain_wait"},
		"master key":        {"master_key: hunter2", "c.yaml:1: master_key: master key: expected"},
		"no key file":       {"master_key_file: nowhere", "c.yaml:1: master_key_file: nowhere cannot be read: file does not exist"},
		"empty key file":    {"master_key_file: empty", "empty is empty"},
		"nested list":       {"trusted_proxies: [[a]]", "expected a list of texts, found a list"},
		"section as value":  {"listen: {a: b}", "expected text, found keys and values"},
		"odd key":           {"? [a]\n: b", "a key is one word"},
		"duration":          {"poll_interval: soon", "expected a length of time"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, got := load(t, tt.yaml, nil, nil)
			if len(got) != 1 || !strings.Contains(got[0], tt.want) {
				t.Errorf("faults %q, want one with %q", got, tt.want)
			}
		})
	}
}

func TestSecretByFile(t *testing.T) {
	for _, in := range []Input{
		{File: "c.yaml"},
		{Environ: []string{"COUNTERSIGN_MASTER_KEY_FILE=key"}},
		{Flags: map[string]string{"master_key_file": "key"}},
	} {
		in.Read = files(map[string]string{"c.yaml": "master_key_file: key\n", "key": string(fixedKey)})
		l, err := Load(in)
		if err != nil {
			t.Fatal(err)
		}
		if string(l.Config.MasterKey) != string(fixedKey) {
			t.Error("the key is not the file's")
		}
		for _, r := range l.Rows() {
			if strings.Contains(r.Value+r.Source, strings.TrimSpace(string(fixedKey))) {
				t.Errorf("row %s shows the key", r.Key)
			}
			if r.Key == "master_key" && r.Value != Masked {
				t.Errorf("master_key is shown as %q, want %q", r.Value, Masked)
			}
		}
	}
}

func TestOtherPeoplesEnvironment(t *testing.T) {
	_, faults := load(t, "", []string{
		"COUNTERSIGN_SERVICE_HOST=10.0.0.1", "COUNTERSIGN_PORT=tcp://10.0.0.1:80", "COUNTERSIGN_PORT_80_TCP=x", "COUNTERSIGN_CONFIG=f",
	}, nil)
	if faults != nil {
		t.Error(faults)
	}
}

func TestMissingFile(t *testing.T) {
	_, err := Load(Input{File: "nowhere.yaml", Read: files(nil)})
	if err == nil || err.Error() != "nowhere.yaml: cannot be read: file does not exist" {
		t.Errorf("error %v", err)
	}
}

// TestEveryKeyHasADoc keeps the reference complete and the names unambiguous.
func TestEveryKeyHasADoc(t *testing.T) {
	c := Default()
	envs := map[string]string{}
	for _, l := range Leaves(&c) {
		if !strings.HasSuffix(l.Doc, ".") {
			t.Errorf("%s: the doc is no sentence: %q", l.Path, l.Doc)
		}
		if other := envs[l.Env]; other != "" {
			t.Errorf("%s and %s share %s", l.Path, other, l.Env)
		}
		envs[l.Env] = l.Path
		if !strings.Contains(Reference(), "| `"+l.Path+"` |") {
			t.Errorf("%s is not in the reference", l.Path)
		}
	}
}

// TestEveryKeyIsSet gives every key another value by environment, so that no
// kind of value is forgotten.
func TestEveryKeyIsSet(t *testing.T) {
	other := map[string]string{"text": "x", "secret": "x", "number": "12", "duration": "33s", "list": "a, b", "true|false": "false"}
	c := Default()
	for _, l := range Leaves(&c) {
		before := reflect.ValueOf(l.value.Interface()).Interface()
		if err := l.set(other[l.Shape]); err != nil {
			t.Errorf("%s: %v", l.Path, err)
		}
		if reflect.DeepEqual(before, l.value.Interface()) {
			t.Errorf("%s did not change", l.Path)
		}
	}
}

func TestKnownForZeroMeansNever(t *testing.T) {
	l, faults := load(t, "login: {known_for: 0s}", nil, nil)
	if faults != nil {
		t.Fatal(faults)
	}
	if l.Config.Login.Limits().KnownFor >= 0 {
		t.Error("known_for 0s became login's default")
	}
	if d := l.Config.PollInterval; d != client.Duration(400*time.Millisecond) {
		t.Errorf("poll interval %s", d)
	}
}

func FuzzLoad(f *testing.F) {
	f.Add("listen: ':1'\nlogin: {person: {free: 7}}\n")
	f.Add("a: &a [*a]\n? {}\n: - b")
	f.Fuzz(func(t *testing.T, text string) {
		l, err := Load(Input{File: "c", Read: files(map[string]string{"c": text})})
		if err == nil {
			_ = l.Rows()
		}
	})
}

func TestReadPrivate(t *testing.T) {
	name := t.TempDir() + "/key"
	for mode, want := range map[fs.FileMode]string{0o600: "", 0o400: "", 0o640: "chmod 600", 0o604: "chmod 600"} {
		if err := os.WriteFile(name, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(name, mode); err != nil {
			t.Fatal(err)
		}
		_, err := ReadPrivate(name)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("mode %o: error %v, want %q", mode, err, want)
		}
		_ = os.Remove(name)
	}
	_, err := Load(Input{Environ: []string{"COUNTERSIGN_MASTER_KEY_FILE=" + name}})
	if err == nil || !strings.Contains(err.Error(), "cannot be read: no such file") {
		t.Errorf("missing file: %v", err)
	}
}
