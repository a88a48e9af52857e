package cli

import (
	"countersign/internal/config"
)

type configCommands struct {
	Check configCheck `cmd:"" help:"Say everything that is wrong with a configuration file."`
	Print configPrint `cmd:"" help:"Print what holds, and where each value comes from; secrets are masked."`
}

type configCheck struct {
	File string `arg:"" help:"The file."`
}

// Run checks the file together with the environment.
func (c *configCheck) Run(s *session) error {
	s.Config = c.File
	if _, err := s.load(nil); err != nil {
		return err
	}
	return s.done("%s is sound", c.File)
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
