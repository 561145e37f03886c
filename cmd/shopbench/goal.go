package main

import "fmt"

// goal is what a scenario is held to; the zero value is none.
type goal struct {
	atLeast     float64 // times the requests per second of what it is held against
	against     column  // that server in the same scenario, or
	ownScenario string  // the shop itself in the scenario with this key
	on          string  // the database that the goal is for, empty for all
}

// check returns the two last cells of a row: what is asked, and whether it is
// met. A ratio that could not be measured meets nothing.
func (g goal) check(database string, ratio float64) (asked, met string) {
	if g.atLeast == 0 || (g.on != "" && g.on != database) {
		return "", ""
	}
	if g.ownScenario != "" {
		return fmt.Sprintf("≥ %.1f× own first pages (%s)", g.atLeast, times(ratio)), yesNo(ratio >= g.atLeast)
	}
	return fmt.Sprintf("≥ %.1f× %s", g.atLeast, g.against), yesNo(ratio >= g.atLeast)
}

func yesNo(met bool) string {
	if met {
		return "yes"
	}
	return "NO"
}

// times formats a ratio, zero as unknown.
func times(ratio float64) string {
	if ratio == 0 {
		return "n/a"
	}
	return fmt.Sprintf("%.2f×", ratio)
}

// ratioOf returns a/b, zero when either was not measured.
func ratioOf(a, b float64) float64 {
	if a == 0 || b == 0 {
		return 0
	}
	return a / b
}
