package httpapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
	"unicode/utf8"

	"shop/platform/fault"
)

const (
	// maxDepth is how deep a body may be nested. encoding/json stops at 10,000,
	// which is more than databases' own parsers stand.
	maxDepth = 64
	// maxValues is how many values a body may hold. A megabyte of "{}," takes
	// a second of work to refuse value by value.
	maxValues = 50_000
)

// scanner walks a JSON text once, in front of the decoder, and finds what the
// decoder lets pass and nobody should store: text that is no UTF-8 or contains
// NUL, numbers that no float64 holds, and names given twice, of which the
// validation would see one value and the program another. What is no JSON at
// all it leaves to the decoder.
type scanner struct {
	text   []byte
	at     int
	values int
	path   []step
	// names are those of the objects that are open, innermost last.
	names [][]byte
	// found is the first thing to refuse.
	found *fault.Error
}

// step is a field of an object, or an element of an array when it has no name.
type step struct {
	name  []byte
	index int
}

// guardJSON returns what is to be refused in body, located; nil when there is
// nothing, or when body is no JSON.
func guardJSON(body []byte) error {
	s := scanner{text: body}
	s.value()
	if s.found != nil {
		return s.found
	}
	return nil
}

// value scans one value. It is false, as the functions below are, when the scan
// is over before the value's end.
func (s *scanner) value() bool {
	if s.values++; s.values > maxValues {
		s.found = fault.InvalidField("body", "must have at most "+strconv.Itoa(maxValues)+" values")
		return false
	}
	switch c := s.peek(); {
	case c == '{':
		return s.deeper() && s.object()
	case c == '[':
		return s.deeper() && s.array()
	case c == '"':
		_, ok := s.string()
		return ok
	case c == '-' || '0' <= c && c <= '9':
		return s.number()
	default:
		return s.word()
	}
}

// deeper enters an object or an array.
func (s *scanner) deeper() bool {
	s.at++
	if len(s.path) == maxDepth {
		return s.refuse("must not be nested deeper than " + strconv.Itoa(maxDepth) + " levels")
	}
	return true
}

func (s *scanner) object() bool {
	first := len(s.names)
	var known map[string]struct{}
	for count := 0; s.more('}', count == 0); count++ {
		if s.peek() != '"' {
			return false
		}
		name, ok := s.string()
		if !ok || !s.take(':') {
			return false
		}
		s.path = append(s.path, step{name: name})
		if known = s.remember(known, name, first); s.found != nil || !s.value() {
			return false
		}
		s.path = s.path[:len(s.path)-1]
	}
	s.names = s.names[:first]
	return s.take('}')
}

// fewNames is up to how many names comparing each with each is the fastest.
const fewNames = 16

// remember notes a name of the object whose names begin at first, and refuses
// one that it has already. Beyond a few names it keeps them in the map that it
// returns.
func (s *scanner) remember(known map[string]struct{}, name []byte, first int) map[string]struct{} {
	if bytes.IndexByte(name, '\\') >= 0 {
		var plain string
		if json.Unmarshal(append(append([]byte{'"'}, name...), '"'), &plain) != nil {
			return known // no JSON
		}
		name = []byte(plain)
	}
	const twice = "is there twice"
	if known == nil {
		for _, other := range s.names[first:] {
			if bytes.Equal(other, name) {
				s.refuse(twice)
				return known
			}
		}
		if s.names = append(s.names, name); len(s.names)-first < fewNames {
			return known
		}
		known = make(map[string]struct{}, 2*fewNames)
		for _, other := range s.names[first:] {
			known[string(other)] = struct{}{}
		}
		return known
	}
	if _, found := known[string(name)]; found {
		s.refuse(twice)
	}
	known[string(name)] = struct{}{}
	return known
}

func (s *scanner) array() bool {
	last := len(s.path)
	s.path = append(s.path, step{})
	for count := 0; s.more(']', count == 0); count++ {
		s.path[last].index = count
		if !s.value() {
			return false
		}
	}
	s.path = s.path[:last]
	return s.take(']')
}

// string scans a string and returns what is between its quotes.
func (s *scanner) string() ([]byte, bool) {
	s.at++
	start, bits := s.at, byte(0)
	for ; s.at < len(s.text); s.at++ {
		c := s.text[s.at]
		bits |= c
		switch c {
		case '"':
			text := s.text[start:s.at]
			s.at++
			if bits >= utf8.RuneSelf && !utf8.Valid(text) {
				return nil, s.refuse("must be valid UTF-8")
			}
			return text, true
		case '\\':
			if bytes.HasPrefix(s.text[s.at:], []byte(`\u0000`)) {
				return nil, s.refuse("must not contain NUL characters")
			}
			s.at++ // what is escaped is no quote
		}
	}
	return nil, false
}

func (s *scanner) number() bool {
	start, exponent := s.at, false
	for ; s.at < len(s.text); s.at++ {
		c := s.text[s.at]
		if c == 'e' || c == 'E' {
			exponent = true
		} else if c != '-' && c != '+' && c != '.' && (c < '0' || c > '9') {
			break
		}
	}
	// Up to 300 digits are in range without looking.
	if text := s.text[start:s.at]; exponent || len(text) > 300 {
		if _, err := strconv.ParseFloat(string(text), 64); errors.Is(err, strconv.ErrRange) {
			return s.refuse("is out of range")
		}
	}
	return true
}

// word scans true, false and null, and what else there may be of letters.
func (s *scanner) word() bool {
	start := s.at
	for s.at < len(s.text) && 'a' <= s.text[s.at] && s.text[s.at] <= 'z' {
		s.at++
	}
	return s.at > start
}

// more reports whether a further element follows, past its comma.
func (s *scanner) more(end byte, first bool) bool {
	if first {
		return s.peek() != end
	}
	return s.peek() != end && s.take(',')
}

func (s *scanner) take(c byte) bool {
	if s.peek() != c {
		return false
	}
	s.at++
	return true
}

// peek is the next character that is no space; 0 at the end.
func (s *scanner) peek() byte {
	for ; s.at < len(s.text); s.at++ {
		switch c := s.text[s.at]; c {
		case ' ', '\t', '\r', '\n':
		default:
			return c
		}
	}
	return 0
}

// refuse notes what is wrong at the current place, unless something was before.
func (s *scanner) refuse(message string) bool {
	location := []byte("body")
	for _, p := range s.path {
		if p.name == nil {
			location = append(strconv.AppendInt(append(location, '['), int64(p.index), 10), ']')
		} else {
			location = append(append(location, '.'), p.name...)
		}
	}
	s.found = fault.InvalidField(string(location), message)
	return false
}
