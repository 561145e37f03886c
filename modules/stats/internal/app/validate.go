package app

import (
	"encoding/json"
	"strconv"
	"time"
	"unicode/utf8"

	"shop/modules/stats"
	"shop/platform/fault"
)

const (
	// maxFindings bounds how many rejected parts one answer names.
	maxFindings = 100
	// earliest is the beginning of the year 2000 in Unix seconds: what is said
	// to have happened before comes from a clock that was never set.
	earliest = 946_684_800
)

// findings collects what is wrong with an input, each with its place.
type findings struct{ fields []fault.Field }

func (f *findings) add(location, message string) {
	if len(f.fields) < maxFindings {
		f.fields = append(f.fields, fault.Field{Location: location, Message: message})
	}
}

// err is the fault of all findings; nil without one.
func (f *findings) err() error {
	if len(f.fields) == 0 {
		return nil
	}
	e := fault.InvalidField(f.fields[0].Location, f.fields[0].Message)
	e.Fields = f.fields
	return e
}

// location names a field of one action of several.
func location(of, i int, field string) string {
	if of == 1 {
		return "body." + field
	}
	return "body[" + strconv.Itoa(i) + "]." + field
}

// validActions checks actions as they were sent. Locations are made for what is
// wrong only: a thousand good actions cost no allocation.
func validActions(actions []stats.Action, now time.Time) error {
	if len(actions) == 0 || len(actions) > stats.MaxActions {
		return fault.InvalidField("body", "must be 1 to "+strconv.Itoa(stats.MaxActions)+" actions")
	}
	var found findings
	latest := now.Add(stats.MaxAhead)
	for i := range actions {
		a := &actions[i]
		if !validName(a.Action) {
			found.add(location(len(actions), i, "action"), nameRule)
		}
		if rule := brokenRule(a.Data); rule != "" {
			found.add(location(len(actions), i, "data"), rule)
		}
		if !a.At.IsZero() && (a.At.Unix() < earliest || a.At.After(latest)) {
			found.add(location(len(actions), i, "at"), atRule)
		}
	}
	return found.err()
}

// What is asked of the fields of an action.
const (
	nameRule = "must be 1 to 100 lower-case letters, digits and _ . : - and begin with a letter or digit"
	atRule   = "must be from the year 2000 to at most 5 minutes from now"
)

// validName checks the name of an action.
func validName(name string) bool {
	if name == "" || len(name) > stats.MaxActionLength {
		return false
	}
	for i, c := range []byte(name) {
		switch {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9':
		case i > 0 && (c == '_' || c == '.' || c == ':' || c == '-'):
		default:
			return false
		}
	}
	return true
}

// brokenRule is the rule that the data of an action breaks; empty for good data
// and for none.
func brokenRule(data json.RawMessage) string {
	switch {
	case len(data) == 0:
		return ""
	case len(data) > stats.MaxDataBytes:
		return "must be at most " + strconv.Itoa(stats.MaxDataBytes) + " bytes"
	case depth(data) > stats.MaxDataDepth:
		return "must not nest deeper than " + strconv.Itoa(stats.MaxDataDepth) + " levels"
	case !json.Valid(data):
		return "must be valid JSON"
	case !object(data):
		return "must be an object"
	case !utf8.Valid(data): // json.Valid lets it pass, PostgreSQL does not
		return "must be valid UTF-8"
	default:
		return ""
	}
}

// object says whether JSON is an object.
func object(data []byte) bool {
	for _, c := range data {
		switch c {
		case ' ', '\t', '\r', '\n':
		default:
			return c == '{'
		}
	}
	return false
}

// depth is how deep objects and arrays nest in data, which need not be JSON.
func depth(data []byte) int {
	deepest, level, inString := 0, 0, false
	for i := 0; i < len(data); i++ {
		switch c := data[i]; {
		case inString && c == '\\':
			i++ // what is escaped ends no string
		case c == '"':
			inString = !inString
		case inString:
		case c == '{' || c == '[':
			level++
			deepest = max(deepest, level)
		case c == '}' || c == ']':
			level--
		}
	}
	return deepest
}
