package config

import "strings"

// Where a value came from, unless it is the name of the settings file.
const (
	SourceDefault     = "default"
	SourceEnvironment = "environment"
)

// Setting is one setting as `shop config` shows it.
type Setting struct {
	// Key is its place in shop.yaml; dots separate levels.
	Key string `json:"key"`
	// Env is its environment variable.
	Env string `json:"env"`
	// Value is the effective value, secrets masked.
	Value string `json:"value"`
	// Default is what it is when nobody sets it.
	Default string `json:"default"`
	// Source is SourceDefault, SourceEnvironment or the settings file's name.
	Source string `json:"source"`
	// Allowed says in a few words what it takes; empty for free text.
	Allowed string `json:"allowed,omitempty"`
	// Doc says what it is for.
	Doc string `json:"doc"`
}

// Describe lists every setting, in the order of their declaration.
func (c *Config) Describe() []Setting {
	fields := fieldsOf(c)
	settings := make([]Setting, len(fields))
	for i, f := range fields {
		settings[i] = Setting{
			Key: f.key, Env: f.env(), Value: f.value(), Default: f.fallback,
			Source: c.source(f.key), Allowed: f.allowed(), Doc: f.doc,
		}
	}
	return settings
}

func (c *Config) source(key string) string {
	if source := c.sources[key]; source != "" {
		return source
	}
	return SourceDefault
}

// nameOf is how the user named the setting: by variable, or by file and key.
func (c *Config) nameOf(key string) string {
	switch c.source(key) {
	case SourceDefault, SourceEnvironment:
		return envPrefix + strings.ToUpper(strings.ReplaceAll(key, ".", "_"))
	default:
		return c.File + ": " + key
	}
}
