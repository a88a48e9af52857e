// Command countersign is the authorization server and the tool to run it.
package main

import (
	"os"

	"countersign/internal/cli"
)

func main() {
	os.Exit(cli.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr, os.Environ()))
}
