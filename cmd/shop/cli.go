package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/alecthomas/kong"

	"shop/platform/config"
)

// Exit codes.
const (
	exitOK      = 0
	exitFailure = 1
	exitUsage   = 2
)

// cli is the command line: each field is a command in a file of its own.
type cli struct {
	ConfigFile string `name:"config" placeholder:"FILE" help:"Settings file (default: the one that SHOP_CONFIG names, else ./shop.yaml if it exists)."`

	Serve   serveCommand   `cmd:"" group:"run" help:"Run the shop until Ctrl-C or SIGTERM."`
	Health  healthCommand  `cmd:"" group:"run" help:"Ask the shop that runs here whether it is ready."`
	Migrate migrateCommand `cmd:"" group:"data" help:"Bring the databases up to date, take a step back, or look."`
	Catalog catalogCommand `cmd:"" group:"data" help:"Import products."`
	Admin   adminCommand   `cmd:"" group:"data" help:"Create administrators."`
	Config  configCommand  `cmd:"" group:"look" help:"Show the settings in force and where each comes from."`
	Modules modulesCommand `cmd:"" group:"look" help:"Show the modules, and move their calls between processes."`
	Events  eventsCommand  `cmd:"" group:"look" help:"Show the events that were not handled, and deliver them again."`
	Verify  verifyCommand  `cmd:"" group:"look" help:"Look for differences: stock, money, orders, e-mails, events."`
	OpenAPI openapiCommand `cmd:"" name:"openapi" group:"look" help:"Print the OpenAPI document of the REST API."`
	Version versionCommand `cmd:"" group:"look" help:"Print the version."`
}

const description = `A headless shop: users, e-mail, catalog, cart, payments and statistics behind a REST API.

Try it:        shop serve --demo
Settings:      SHOP_… environment variables or shop.yaml; shop config lists them
More about X:  shop X --help`

// run executes one command line and returns the exit code.
func run(ctx context.Context, args []string, c *console) int {
	var commands cli
	helped := false
	parser, err := kong.New(
		&commands,
		kong.Name("shop"),
		kong.Description(description),
		kong.Writers(c.out, c.err),
		kong.Exit(func(int) { helped = true }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, NoExpandSubcommands: true, NoAppDescFormat: true, WrapUpperBound: 100}),
		kong.ExplicitGroups([]kong.Group{
			{Key: "run", Title: "Run:"}, {Key: "data", Title: "Change data:"}, {Key: "look", Title: "Look:"},
		}),
		kong.Vars{"names": strings.Join(moduleNames(), ","), "modules": strings.Join(append([]string{allModules}, moduleNames()...), ",")},
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(c),
		kong.BindSingletonProvider(func() (config.Config, error) {
			return config.Load(config.Options{Environ: c.environ, File: commands.ConfigFile})
		}),
	)
	if err != nil {
		return c.fail(err)
	}
	if len(args) == 0 {
		parser.Stdout = c.err
		_, _ = parser.Parse([]string{"--help"})
		return exitUsage
	}
	command, err := parser.Parse(args)
	switch {
	case helped:
		return exitOK
	case err != nil:
		return c.misused(err)
	}
	if err := command.Run(); err != nil {
		return c.fail(err)
	}
	return exitOK
}

// misused reports a command line that cannot be understood.
func (c *console) misused(err error) int {
	command := []string{"shop"}
	if wrong, ok := errors.AsType[*kong.ParseError](err); ok {
		for _, step := range wrong.Context.Path {
			if step.Command != nil {
				command = append(command, step.Command.Name)
			}
		}
	}
	fmt.Fprintf(c.err, "shop: %s (see %s --help)\n", err, strings.Join(command, " "))
	return exitUsage
}

// fail reports a command that could not do its work.
func (c *console) fail(err error) int {
	for line := range strings.SplitSeq(err.Error(), "\n") {
		fmt.Fprintln(c.err, "shop: "+line)
	}
	return exitFailure
}
