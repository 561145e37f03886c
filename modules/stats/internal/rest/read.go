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
		if r.broken {
			return
		}
		field := 0
		switch string(name) {
		case "user_id":
			field = userIDField
			r.userID(a, i, value)
		case "action":
			field = actionField
			text, _ := r.unquoted(i, "action", value)
			a.Action = string(text)
		case "data":
			field = dataField
			r.data(a, i, value)
		case "at":
			field = atField
			r.happened(a, i, value)
		default:
			r.add(location(i, clip(name)), "unexpected property")
		}
		if seen&field != 0 {
			r.add(location(i, string(name)), "must not be given twice")
		}
		seen |= field
	}
	if seen&actionField == 0 && !r.broken {
		r.add(location(i, "action"), "is required")
	}
}

// data sets the data of an action; it goes on sharing the body's memory.
func (r *reader) data(a *stats.Action, i int, value []byte) {
	if value[0] != '{' {
		r.wrongType(location(i, "data"), "an object", value)
	}
	a.Data = value
}

func (r *reader) userID(a *stats.Action, i int, value []byte) {
	text, ok := r.unquoted(i, "user_id", value)
	if ok && (a.UserID.UnmarshalText(text) != nil || a.UserID.IsZero()) {
		r.add(location(i, "user_id"), "must be a user's identifier: user_ and 26 characters")
	}
}

func (r *reader) happened(a *stats.Action, i int, value []byte) {
	text, ok := r.unquoted(i, "at", value)
	if ok && (a.At.UnmarshalText(text) != nil || a.At.IsZero()) {
		r.add(location(i, "at"), "must be a time by RFC 3339, such as 2026-11-24T13:05:00Z")
	}
}

// unquoted is the text of a field that must be a string.
func (r *reader) unquoted(i int, field string, value []byte) ([]byte, bool) {
	if value[0] != '"' {
		r.wrongType(location(i, field), "a string", value)
		return nil, false
	}
	text, ok := unquote(value)
	r.broken = r.broken || !ok
	return text, ok
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
func clip(name []byte) string {
	const most = 64
	if len(name) <= most {
		return string(name)
	}
	return string(bytes.ToValidUTF8(name[:most], nil)) + "…"
}
