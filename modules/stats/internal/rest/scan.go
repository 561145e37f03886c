package rest

import (
	"bytes"
	"encoding/json"
)

// scanner finds its way through JSON text. It checks as much as it needs to
// find where values begin and end; once broken it stays so.
type scanner struct {
	text   []byte
	at     int
	broken bool
}

// peek is the next character that is no space, 0 at the end and when broken.
func (s *scanner) peek() byte {
	if s.broken {
		return 0
	}
	for ; s.at < len(s.text); s.at++ {
		switch c := s.text[s.at]; c {
		case ' ', '\t', '\r', '\n':
		default:
			return c
		}
	}
	return 0
}

// more says whether the array or object that ends with closing goes on, and
// moves over what stands between its elements or behind its last one.
func (s *scanner) more(closing byte, first bool) bool {
	c := s.peek()
	switch {
	case c == closing:
		s.at++
		return false
	case first && c != 0:
		return true
	case !first && c == ',':
		s.at++
		if s.peek() == closing {
			s.broken = true
		}
		return !s.broken
	default:
		s.broken = true
		return false
	}
}

// name reads the name of a field and the colon.
func (s *scanner) name() ([]byte, bool) {
	if s.peek() != '"' {
		s.broken = true
		return nil, false
	}
	name, ok := unquote(s.string())
	if !ok || s.peek() != ':' {
		s.broken = true
		return nil, false
	}
	s.at++
	return name, true
}

// value moves over a value and returns its text: at least one byte, unless
// broken. An object or array is as long as its brackets say.
func (s *scanner) value() []byte {
	switch c := s.peek(); c {
	case 0, ',', ':', ']', '}':
		s.broken = true
		return nil
	case '"':
		return s.string()
	case '{', '[':
		return s.nested()
	default:
		begin := s.at
		for s.at < len(s.text) && bytes.IndexByte([]byte(",:[]{}\" \t\r\n"), s.text[s.at]) < 0 {
			s.at++
		}
		return s.text[begin:s.at]
	}
}

// string moves over the string that begins here.
func (s *scanner) string() []byte {
	begin := s.at
	for s.at++; s.at < len(s.text); s.at++ {
		switch s.text[s.at] {
		case '\\':
			s.at++
		case '"':
			s.at++
			return s.text[begin:s.at]
		}
	}
	s.at, s.broken = len(s.text), true
	return nil
}

// nested moves over the object or array that begins here.
func (s *scanner) nested() []byte {
	begin := s.at
	for level := 0; s.at < len(s.text); {
		switch s.text[s.at] {
		case '"':
			if s.string(); s.broken {
				return nil
			}
			continue
		case '{', '[':
			level++
		case '}', ']':
			level--
		}
		s.at++
		if level == 0 {
			return s.text[begin:s.at]
		}
	}
	s.broken = true
	return nil
}

// unquote is the text of a JSON string; false when it is no valid one.
func unquote(quoted []byte) ([]byte, bool) {
	if len(quoted) < 2 {
		return nil, false
	}
	plain := true
	for _, c := range quoted[1 : len(quoted)-1] {
		plain = plain && c != '\\' && c >= ' '
	}
	if plain {
		return quoted[1 : len(quoted)-1], true
	}
	var text string
	if json.Unmarshal(quoted, &text) != nil {
		return nil, false
	}
	return []byte(text), true
}
