package cli

import (
	"runtime"
	"runtime/debug"
)

type versionCommand struct{}

// Build is what version prints. Its JSON names are stable.
type Build struct {
	Version  string `json:"version"`
	Revision string `json:"revision,omitempty"`
	Time     string `json:"time,omitempty"`
	Modified bool   `json:"modified"`
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

func build() Build {
	b := Build{Version: "(devel)", Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	if info.Main.Version != "" {
		b.Version = info.Main.Version
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.Revision = s.Value
		case "vcs.time":
			b.Time = s.Value
		case "vcs.modified":
			b.Modified = s.Value == "true"
		}
	}
	return b
}

func version() string { return build().Version }

// Run prints the version.
func (*versionCommand) Run(s *session) error {
	b := build()
	return one(s, b, [][]string{
		{"countersign", b.Version},
		{"revision", b.Revision},
		{"built from", b.Time},
		{"changed since", yes(b.Modified)},
		{"go", b.Go},
		{"platform", b.Platform},
	})
}
