package main

import (
	"fmt"
	"io"
	"net"
	"strings"

	"shop/platform/config"
)

// banner is what serve tells the person who started it.
type banner struct {
	version  string
	public   net.Addr
	internal net.Addr
	data     string
	products int // demo products added just now
	admin    *credentials
}

// write prints it, compact enough to stay in sight above the log.
func (b banner) write(w io.Writer, s style) {
	base := config.BaseURL(b.public.String())
	var text strings.Builder
	line := func(label, value, note string) {
		fmt.Fprintf(&text, "  %s %s", s.dim(fmt.Sprintf("%-9s", label)), value)
		if note != "" {
			text.WriteString("  " + s.dim(note))
		}
		text.WriteString("\n")
	}
	text.WriteString("\n  " + s.green("●") + " " + s.bold("shop "+b.version) + "\n\n")
	line("API", s.cyan(base), "")
	line("Docs", s.cyan(base+"/docs"), "")
	line("Internal", s.cyan(config.BaseURL(b.internal.String())), "metrics, health, GET /log")
	line("Data", b.data, "")
	if b.products > 0 {
		line("Catalog", fmt.Sprintf("%d demo products added", b.products), "")
	}
	if b.admin != nil {
		line("Admin", s.bold(b.admin.email), "")
		line("Password", s.bold(b.admin.password), "shown this once; stored hashed")
	}
	text.WriteString("\n  " + s.dim("README.md walks through a purchase in ten curl lines. Ctrl-C stops.") + "\n\n")
	_, _ = io.WriteString(w, text.String()) // a terminal that is gone is no reason not to serve
}
