package config

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Problem is one thing that is wrong with the configuration.
type Problem struct {
	// Name is the variable, or the file and key, as the user wrote it.
	Name string
	// Message says what is wrong and what is allowed. It never holds a secret.
	Message string
}

// String is the problem on one line.
func (p Problem) String() string { return p.Name + ": " + p.Message }

// Error is what Load returns: everything that is wrong, at once.
type Error struct{ Problems []Problem }

// Error has one line for each problem.
func (e *Error) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// badValue is the problem of a value that was refused with err.
func (f *field) badValue(name, text string, err error) Problem {
	if f.hidden() {
		return Problem{Name: name, Message: "not allowed: " + err.Error()}
	}
	return Problem{Name: name, Message: fmt.Sprintf("%q is not allowed: %s", withoutUser(text), err)}
}

// withoutUser is text without what stands before an @ in URLs: it may be a
// password. A mail address alone is left as it is.
func withoutUser(text string) string {
	at := strings.LastIndexByte(text, '@')
	if at < 0 {
		return text
	}
	start := 0
	if scheme := strings.Index(text[:at], "://"); scheme >= 0 {
		start = scheme + len("://")
	} else if !strings.Contains(text[:at], ":") {
		return text
	}
	return text[:start] + "***" + text[at:]
}

// name is the setting's key in the file.
func (f *field) name() string { return f.key }

// suggestion names the setting that was probably meant, or where to look.
func suggestion(unknown string, fields []*field, nameOf func(*field) string) string {
	best, least := "", len(unknown)/3+2
	for _, f := range fields {
		if d := distance(strings.ToLower(unknown), strings.ToLower(nameOf(f))); d < least {
			best, least = nameOf(f), d
		}
	}
	if best == "" {
		return "; `shop config` lists all settings"
	}
	return "; did you mean " + best + "?"
}

// distance is the number of insertions, deletions and replacements that turn a
// into b (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replaced := diagonal
			if a[i] != b[j] {
				replaced++
			}
			diagonal = row[j+1]
			row[j+1] = min(replaced, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
