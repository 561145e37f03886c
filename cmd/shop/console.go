package main

import (
	"context"
	"io"
	"log/slog"
	"strings"
	"unicode/utf8"

	"shop/platform/config"
	"shop/platform/telemetry"
)

// console is what a command has to do with the world.
type console struct {
	in      io.Reader
	out     io.Writer
	err     io.Writer
	environ []string
	// compose puts the application together; the function that it returns
	// closes what it opened. The context is for the time that this takes.
	compose func(context.Context, config.Config, *slog.Logger) (*App, func(), error)
}

// withApp puts the application together for as long as do runs.
func (c *console) withApp(ctx context.Context, cfg config.Config, logger *slog.Logger, do func(*App) error) error {
	app, closeApp, err := c.compose(ctx, cfg, logger)
	if err != nil {
		return err
	}
	defer closeApp()
	return do(app)
}

// env is the value of an environment variable, empty when it is not set.
func (c *console) env(name string) string {
	for _, pair := range c.environ {
		if value, found := strings.CutPrefix(pair, name+"="); found {
			return value
		}
	}
	return ""
}

// styleFor is colour where w is a terminal and nobody asked for none
// (https://no-color.org).
func (c *console) styleFor(w io.Writer) style {
	return style{on: telemetry.IsTerminal(w) && c.env("NO_COLOR") == "" && c.env("TERM") != "dumb"}
}

// style paints text for a terminal, or leaves it alone.
type style struct{ on bool }

func (s style) bold(text string) string  { return s.paint("1", text) }
func (s style) dim(text string) string   { return s.paint("2", text) }
func (s style) green(text string) string { return s.paint("32", text) }
func (s style) cyan(text string) string  { return s.paint("36", text) }

func (s style) paint(code, text string) string {
	if !s.on || text == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

// table is text in columns; the first row is the heading.
type table [][]string

// write prints the columns two spaces apart.
func (t table) write(w io.Writer, s style) error {
	widths := make([]int, len(t[0]))
	for _, row := range t {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	var text strings.Builder
	for i, row := range t {
		var line strings.Builder
		for j, cell := range row {
			line.WriteString(cell)
			line.WriteString(strings.Repeat(" ", widths[j]-utf8.RuneCountInString(cell)+2))
		}
		trimmed := strings.TrimRight(line.String(), " ")
		if i == 0 {
			trimmed = s.bold(trimmed)
		}
		text.WriteString(trimmed + "\n")
	}
	_, err := io.WriteString(w, text.String())
	return err //nolint:wrapcheck // the terminal is gone; there is nobody to explain to
}
