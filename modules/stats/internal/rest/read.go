package rest

import (
	"bytes"
	"encoding/json"
	"strconv"

	"shop/modules/stats"
	"shop/platform/fault"
)

// maxFindings bounds how many rejected parts one answer names.
const maxFindings = 100

// readActions reads one action or an array of them; array says which it was.
// Fields that are unknown, given twice or of the wrong type are refused with
// their place; what they may hold is the use case's to say, as is whether data
// is good JSON.
//
// It is written by hand because encoding/json neither says which element of an
// array is wrong nor refuses a repeated field, and takes several times as long.
func readActions(body []byte) (actions []stats.Action, array bool, err error) {
	r := reader{scanner: scanner{text: body}}
	switch r.peek() {
	case '{':
		actions = make([]stats.Action, 1)
		r.action(&actions[0], -1)
	case '[':
		array = true
		actions = r.array()
	default:
		r.wrongType("body", "an object or an array of objects", r.value())
	}
	if r.peek() != 0 || r.at < len(r.text) {
		r.broken = true
	}
	return actions, array, r.err()
}

// reader reads actions and collects what is wrong with them.
type reader struct {
	scanner
	fields  []fault.Field
	surplus bool // more than stats.MaxActions
}

// err is what was wrong, if anything. A body that is no JSON comes first: what
// was found in it until then means little.
func (r *reader) err() error {
	switch {
	case r.surplus:
		return fault.InvalidField("body", "must be 1 to "+strconv.Itoa(stats.MaxActions)+" actions")
	case r.broken:
		return fault.New(fault.Malformed, "malformed_request", "the request cannot be read").
			WithField("body", "is not valid JSON at byte "+strconv.Itoa(r.at))
	case len(r.fields) == 0:
		return nil
	}
	e := fault.InvalidField(r.fields[0].Location, r.fields[0].Message)
	e.Fields = r.fields
	return e
}

// array reads the elements of an array.
func (r *reader) array() []stats.Action {
	// An action of average length, so that the slice rarely grows.
	actions := make([]stats.Action, 0, min(stats.MaxActions, len(r.text)/128+1))
	r.at++
	for first := true; r.more(']', first); first = false {
		if len(actions) == stats.MaxActions {
			r.surplus = true
			return nil
		}
		actions = append(actions, stats.Action{})
		i := len(actions) - 1
		if r.peek() != '{' {
			r.wrongType("body["+strconv.Itoa(i)+"]", "an object", r.value())
			continue
		}
		r.action(&actions[i], i)
	}
	return actions
}

// The fields of an action, as bits of what was seen.
const (
	userIDField = 1 << iota
	actionField
	dataField
	atField
)

func fieldOf(name string) int {
	switch name {
	case "user_id":
		return userIDField
	case "action":
		return actionField
	case "data":
		return dataField
	case "at":
		return atField
	default:
		return 0
	}
}

// action reads the object that begins here; i is its place in an array, -1 for
// none.
func (r *reader) action(a *stats.Action, i int) {
	r.at++
	seen := 0
	for first := true; r.more('}', first); first = false {
		name, ok := r.name()
		if !ok {
			return
		}
		value := r.value()
		field := fieldOf(name)
		switch {
		case r.broken:
			return
		case field == 0:
			r.add(location(i, clip(name)), "unexpected property")
		case seen&field != 0:
			r.add(location(i, name), "must not be given twice")
		default:
			r.field(a, i, name, field, value)
		}
		seen |= field
	}
	if seen&actionField == 0 && !r.broken {
		r.add(location(i, "action"), "is required")
	}
}

// field sets a field of an action from its JSON.
func (r *reader) field(a *stats.Action, i int, name string, field int, value []byte) {
	if field == dataField {
		if value[0] != '{' {
			r.wrongType(location(i, name), "an object", value)
		}
		a.Data = value
		return
	}
	if value[0] != '"' {
		r.wrongType(location(i, name), "a string", value)
		return
	}
	text, ok := unquote(value)
	if !ok {
		r.broken = true
		return
	}
	switch field {
	case userIDField:
		if a.UserID.UnmarshalText(text) != nil || a.UserID.IsZero() {
			r.add(location(i, name), "must be a user's identifier: user_ and 26 characters")
		}
	case actionField:
		a.Action = string(text)
	case atField:
		if a.At.UnmarshalText(text) != nil || a.At.IsZero() {
			r.add(location(i, name), "must be a time by RFC 3339, such as 2026-11-24T13:05:00Z")
		}
	}
}

// wrongType notes a value of another type; one that is no JSON at all breaks
// the whole.
func (r *reader) wrongType(location, expected string, value []byte) {
	if !json.Valid(value) {
		r.broken = true
		return
	}
	r.add(location, "must be "+expected)
}

func (r *reader) add(location, message string) {
	if len(r.fields) < maxFindings {
		r.fields = append(r.fields, fault.Field{Location: location, Message: message})
	}
}

func location(i int, field string) string {
	if i < 0 {
		return "body." + field
	}
	return "body[" + strconv.Itoa(i) + "]." + field
}

// clip shortens a name that the client made up.
func clip(name string) string {
	const most = 64
	if len(name) <= most {
		return name
	}
	return string(bytes.ToValidUTF8([]byte(name[:most]), nil)) + "…"
}
