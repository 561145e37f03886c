package placement

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

// setting is a key of the settings file, with dots between its levels, and its
// value.
type setting struct{ key, value string }

// errNotEditable says that a file is written in a way that cannot be changed
// without losing something of it.
var errNotEditable = errors.New("the settings file is written in a way that cannot be edited in place")

// settingsIn are the scalar values of a settings file by key, whether the levels
// are nested or written with dots.
func settingsIn(content []byte) (map[string]string, error) {
	root, err := rootOf(content)
	if err != nil {
		return nil, err
	}
	found := map[string]string{}
	collect(root, "", func(key string, _, value *yaml.Node) { found[key] = value.Value })
	return found, nil
}

// edit changes settings and leaves every other byte of the file alone, comments
// and empty lines too.
func edit(content []byte, settings []setting) ([]byte, error) {
	for _, s := range settings {
		root, err := rootOf(content)
		if err != nil {
			return nil, err
		}
		if content, err = editOne(content, root, s); err != nil {
			return nil, err
		}
	}
	result, err := settingsIn(content)
	if err != nil {
		return nil, errors.Join(errNotEditable, err)
	}
	for _, s := range settings {
		if result[s.key] != s.value {
			return nil, errNotEditable
		}
	}
	return content, nil
}

// rootOf is the mapping at the top; an empty one for a file without settings.
func rootOf(content []byte) (*yaml.Node, error) {
	var document yaml.Node
	if err := yaml.Unmarshal(content, &document); err != nil {
		return nil, fmt.Errorf("parse the settings file: %w", err)
	}
	if len(document.Content) == 0 || document.Content[0].Tag == "!!null" {
		return &yaml.Node{Kind: yaml.MappingNode}, nil
	}
	if document.Content[0].Kind != yaml.MappingNode {
		return nil, errNotEditable
	}
	return document.Content[0], nil
}

// collect calls visit with each scalar value beneath a mapping.
func collect(mapping *yaml.Node, prefix string, visit func(key string, name, value *yaml.Node)) {
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		name, value := mapping.Content[i], mapping.Content[i+1]
		switch value.Kind { //nolint:exhaustive // lists and aliases hold no single value
		case yaml.MappingNode:
			collect(value, prefix+name.Value+".", visit)
		case yaml.ScalarNode:
			visit(prefix+name.Value, name, value)
		}
	}
}

// editOne changes one setting: in its place, else beneath its module, else at
// the end of the file.
func editOne(content []byte, root *yaml.Node, s setting) ([]byte, error) {
	var present *yaml.Node
	collect(root, "", func(key string, _, value *yaml.Node) {
		if key == s.key {
			present = value
		}
	})
	if present != nil {
		return replaceScalar(content, present, s.value)
	}
	module, name, _ := strings.Cut(s.key, ".")
	dotted := false
	for i := 0; i+1 < len(root.Content); i += 2 {
		key, value := root.Content[i], root.Content[i+1]
		switch {
		case key.Value == module && value.Kind == yaml.MappingNode && len(value.Content) > 0:
			return insertBefore(content, value, name+": "+s.value)
		case key.Value == module && value.Kind == yaml.ScalarNode && value.Value == "":
			return insertAfterLine(content, key.Line, strings.Repeat(" ", key.Column+1)+name+": "+s.value)
		case key.Value == module:
			return nil, errNotEditable
		}
		dotted = dotted || strings.HasPrefix(key.Value, module+".")
	}
	if root.Style&yaml.FlowStyle != 0 {
		if len(root.Content) == 0 {
			return nil, errNotEditable
		}
		return insertBefore(content, root, s.key+": "+s.value)
	}
	text := module + ":\n  " + name + ": " + s.value
	if dotted {
		text = s.key + ": " + s.value
	}
	if len(content) > 0 && !bytes.HasSuffix(content, []byte("\n")) {
		text = "\n" + text
	}
	return append(bytes.Clone(content), text+"\n"...), nil
}

// replaceScalar writes another value in the place of one.
func replaceScalar(content []byte, node *yaml.Node, value string) ([]byte, error) {
	length := len(node.Value)
	switch {
	case node.Anchor != "" || node.Style&(yaml.TaggedStyle|yaml.LiteralStyle|yaml.FoldedStyle) != 0 || length == 0:
		return nil, errNotEditable
	case node.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0:
		length += 2
	}
	start := offsetOf(content, node)
	if start+length > len(content) {
		return nil, errNotEditable
	}
	return splice(content, start, start+length, value), nil
}

// insertBefore writes an entry before the first one of a mapping.
func insertBefore(content []byte, mapping *yaml.Node, entry string) ([]byte, error) {
	first := mapping.Content[0]
	start := offsetOf(content, first)
	if mapping.Style&yaml.FlowStyle != 0 {
		return splice(content, start, start, entry+", "), nil
	}
	if start > len(content) {
		return nil, errNotEditable
	}
	return splice(content, start, start, entry+"\n"+strings.Repeat(" ", first.Column-1)), nil
}

// insertAfterLine writes a line behind the numbered one, counted from 1.
func insertAfterLine(content []byte, line int, text string) ([]byte, error) {
	start := lineStart(content, line+1)
	if start > 0 && start == len(content) && content[start-1] != '\n' {
		text = "\n" + text
	}
	return splice(content, start, start, text+"\n"), nil
}

// offsetOf is where a node begins.
func offsetOf(content []byte, node *yaml.Node) int {
	start := lineStart(content, node.Line)
	for range node.Column - 1 { // columns count characters
		for start++; start < len(content) && content[start]&0xC0 == 0x80; {
			start++
		}
	}
	return min(start, len(content))
}

// lineStart is where the numbered line begins, the end where there is none.
func lineStart(content []byte, line int) int {
	start := 0
	for range line - 1 {
		end := bytes.IndexByte(content[start:], '\n')
		if end < 0 {
			return len(content)
		}
		start += end + 1
	}
	return start
}

func splice(content []byte, from, to int, text string) []byte {
	out := make([]byte, 0, len(content)+len(text))
	out = append(out, content[:from]...)
	out = append(out, text...)
	return append(out, content[to:]...)
}
