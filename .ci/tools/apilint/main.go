// Command apilint checks an OpenAPI document against the rules in a
// configuration file: those of github.com/speakeasy-api/openapi, whose own
// command is not published as a Go module, and that every example and default
// is valid under its schema, which no rule there covers.
//
//	apilint <config.yaml> <openapi.json>
//
// It prints every finding and exits with 1 where one is an error, with 2 where
// it could not check. Warnings and hints are shown and pass.
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/speakeasy-api/openapi/linter"
	"github.com/speakeasy-api/openapi/openapi"
	oaslinter "github.com/speakeasy-api/openapi/openapi/linter"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: apilint <config.yaml> <openapi.json>")
		os.Exit(2)
	}
	err := run(context.Background(), os.Stdout, os.Args[1], os.Args[2])
	switch {
	case errors.Is(err, errFindings):
		os.Exit(1)
	case err != nil:
		fmt.Fprintln(os.Stderr, "apilint:", err)
		os.Exit(2)
	}
}

// errFindings says that the document breaks a rule whose severity is error.
var errFindings = errors.New("the document has errors")

// run prints the findings to out.
func run(ctx context.Context, out io.Writer, configPath, documentPath string) error {
	rules, err := loadRules(configPath)
	if err != nil {
		return fmt.Errorf("read %s: %w", configPath, err)
	}
	text, err := os.ReadFile(documentPath)
	if err != nil {
		return err
	}
	document, invalid, err := openapi.Unmarshal(ctx, bytes.NewReader(text))
	if err != nil {
		return fmt.Errorf("read %s: %w", documentPath, err)
	}
	output, err := rules.Lint(ctx, linter.NewDocumentInfo(document, documentPath), invalid, nil)
	if err != nil {
		return fmt.Errorf("lint %s: %w", documentPath, err)
	}
	fmt.Fprint(out, output.FormatText())
	if output.HasErrors() {
		// Examples cannot be judged by schemas that may be broken themselves.
		return errFindings
	}

	wrong, err := wrongExamples(text)
	if err != nil {
		return fmt.Errorf("check the examples of %s: %w", documentPath, err)
	}
	for _, finding := range wrong {
		fmt.Fprintln(out, "error", finding)
	}
	if len(wrong) > 0 {
		return errFindings
	}
	return nil
}

func loadRules(path string) (*oaslinter.Linter, error) {
	config, err := linter.LoadConfigFromFile(path)
	if err != nil {
		return nil, err
	}
	rules, err := oaslinter.NewLinter(config)
	if err != nil {
		return nil, err
	}
	for _, entry := range config.Rules {
		// Parsing and reference errors have ids too, but are no registered rules.
		if strings.HasPrefix(entry.ID, "validation-") || strings.HasPrefix(entry.ID, "resolution-") {
			continue
		}
		// The linter would ignore a misspelt id.
		if _, found := rules.Registry().GetRule(entry.ID); !found {
			return nil, fmt.Errorf("no rule is called %s", entry.ID)
		}
	}
	return rules, nil
}
