package cli

import (
	"countersign/internal/config"
)

type configCommands struct {
	Check configCheck `cmd:"" help:"Say everything that is wrong with a configuration file."`
	Print configPrint `cmd:"" help:"Print what holds, and where each value comes from; secrets are masked."`
}

type configCheck struct {
	File string `arg:"" optional:"" help:"The file; that of --config if it is left out."`
}

// Run checks the file together with the environment.
func (c *configCheck) Run(s *session) error {
	if c.File != "" {
		s.Config = c.File
	}
	if _, err := s.load(nil); err != nil {
		return err
	}
	if s.Config == "" {
		return s.done("the environment is sound; no file was named")
	}
	return s.done("%s is sound", s.Config)
}

type configPrint struct {
	Set map[string]string `help:"A key, as a flag of serve." placeholder:"KEY=VALUE" mapsep:"none"`
}

// Run prints every key.
func (c *configPrint) Run(s *session) error {
	l, err := s.load(c.Set)
	if err != nil {
		return err
	}
	return list(s, l.Rows(), []string{"KEY", "VALUE", "SOURCE"}, func(r config.Row) []string {
		return []string{r.Key, r.Value, r.Source}
	})
}
