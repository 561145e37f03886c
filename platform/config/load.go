package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/knadh/koanf/parsers/yaml"
	"github.com/knadh/koanf/providers/env/v2"
	"github.com/knadh/koanf/v2"
)

// DefaultFile is the settings file that is read when it exists and no other is
// named.
const DefaultFile = "shop.yaml"

// fileVariable names the settings file.
const fileVariable = envPrefix + "CONFIG"

// Options say where Load reads from. The zero value reads no environment and
// DefaultFile, if it exists.
type Options struct {
	// Environ are the environment variables as os.Environ gives them. An empty
	// value counts as not set.
	Environ []string
	// File is the settings file; it must exist. Empty: the one that SHOP_CONFIG
	// names, else DefaultFile if it exists.
	File string
}

// Load reads, checks and completes the configuration. An error is an Error
// with every problem that was found.
func Load(o Options) (Config, error) {
	path, content, problem := o.readFile()
	return load(o, path, content, problem)
}

// load makes the configuration of what the settings file holds; path is empty
// when there is no file.
func load(o Options, path string, content []byte, problem *Problem) (Config, error) {
	c, problems := Config{File: path, options: o, sources: map[string]string{}}, []Problem(nil)
	fields := fieldsOf(&c)

	var fromFile map[string]any
	if problem == nil {
		fromFile, problem = parseFile(path, content)
	}
	if problem != nil {
		problems = append(problems, *problem)
	}
	fromEnv := readEnviron(o.Environ)
	problems = append(problems, unknownKeys(fields, fromFile, c.File)...)
	problems = append(problems, unknownVariables(fields, fromEnv, o.Environ)...)

	for _, f := range fields {
		text, name := f.fallback, "default of "+f.key
		if value := fromFile[f.key]; value != nil {
			text, name = textOf(value), c.File+": "+f.key
			c.sources[f.key] = filepath.Base(c.File)
		}
		if value := fromEnv[f.env()]; value != "" {
			text, name = value, f.env()
			c.sources[f.key] = SourceEnvironment
		}
		if text == "" {
			continue
		}
		if err := f.parse(text); err != nil {
			problems = append(problems, f.badValue(name, text, err))
		}
	}
	if len(problems) == 0 {
		problems = c.validate()
	}
	if len(problems) > 0 {
		return Config{}, &Error{Problems: problems}
	}
	c.derive()
	return c, nil
}

// Default is the configuration of an empty environment without a file.
func Default() (Config, error) {
	return Load(Options{File: os.DevNull})
}

// locate is the settings file that o names, and who names it. It need not exist.
func (o Options) locate() (path, named string) {
	if o.File != "" {
		return o.File, "--config"
	}
	if path = lookup(o.Environ, fileVariable); path != "" {
		return path, fileVariable
	}
	return DefaultFile, ""
}

// readFile reads the settings file. The path is empty when there is none, which
// is a problem only if somebody named it.
func (o Options) readFile() (path string, content []byte, problem *Problem) {
	path, named := o.locate()
	content, err := os.ReadFile(path)
	switch {
	case err == nil && path == os.DevNull, errors.Is(err, fs.ErrNotExist) && named == "":
		return "", nil, nil
	case errors.Is(err, fs.ErrNotExist):
		return path, nil, &Problem{Name: named, Message: fmt.Sprintf("there is no file %q", path)}
	case err != nil:
		return path, nil, &Problem{Name: path, Message: "cannot be read: " + err.Error()}
	}
	return path, content, nil
}

// parseFile returns the settings file's values by key.
func parseFile(path string, content []byte) (map[string]any, *Problem) {
	k := koanf.New(".")
	if err := k.Load(fileContent(content), yaml.Parser()); err != nil {
		return nil, &Problem{Name: path, Message: "cannot be read as YAML: " + strings.Join(strings.Fields(err.Error()), " ")}
	}
	return k.All(), nil
}

// fileContent gives koanf what has been read already: the file may be another
// one by the time that koanf would read it.
type fileContent []byte

// ReadBytes implements koanf.Provider.
func (c fileContent) ReadBytes() ([]byte, error) { return c, nil }

// Read implements koanf.Provider.
func (fileContent) Read() (map[string]any, error) {
	return nil, errors.New("a file's content needs a parser")
}

// readEnviron returns the SHOP_… variables that are not empty.
func readEnviron(environ []string) map[string]string {
	k := koanf.New("")
	provider := env.Provider("", env.Opt{Prefix: envPrefix, EnvironFunc: func() []string { return environ }})
	if err := k.Load(provider, nil); err != nil {
		return nil // the provider only copies the list
	}
	return k.StringMap("")
}

func lookup(environ []string, name string) string {
	for _, pair := range slices.Backward(environ) {
		if key, value, _ := strings.Cut(pair, "="); key == name {
			return value
		}
	}
	return ""
}

// textOf is a YAML value as it would be written in a variable.
func textOf(value any) string {
	list, isList := value.([]any)
	if !isList {
		return fmt.Sprint(value)
	}
	texts := make([]string, len(list))
	for i, item := range list {
		texts[i] = fmt.Sprint(item)
	}
	return strings.Join(texts, ",")
}

// unknownKeys reports keys of the file that are no settings.
func unknownKeys(fields []*field, values map[string]any, path string) []Problem {
	var problems []Problem
	for _, key := range sortedKeys(values) {
		known := slices.ContainsFunc(fields, func(f *field) bool { return f.key == key })
		group := slices.IndexFunc(fields, func(f *field) bool { return strings.HasPrefix(f.key, key+".") })
		beneath, isMap := values[key].(map[string]any)
		switch {
		case known:
		case group >= 0 && (values[key] == nil || isMap && len(beneath) == 0):
		case group >= 0:
			problems = append(problems, Problem{
				Name:    path + ": " + key,
				Message: "takes no value itself, but keys beneath it such as " + fields[group].key,
			})
		default:
			problems = append(problems, Problem{Name: path + ": " + key, Message: "unknown key" + suggestion(key, fields, (*field).name)})
		}
	}
	return problems
}

// kubernetesLink matches what Kubernetes adds for every Service whose name
// starts with "shop": not ours, and no mistake of the user's.
var kubernetesLink = regexp.MustCompile(`^SHOP_(\w+_)?(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT(_\d+_\w+)?)$`)

// unknownVariables reports SHOP_… variables that are no settings.
func unknownVariables(fields []*field, values map[string]string, environ []string) []Problem {
	var problems []Problem
	inKubernetes := lookup(environ, "KUBERNETES_SERVICE_HOST") != ""
	for _, name := range sortedKeys(values) {
		switch {
		case name == fileVariable, strings.HasPrefix(name, envPrefix+"TEST_"):
		case inKubernetes && kubernetesLink.MatchString(name):
		case slices.ContainsFunc(fields, func(f *field) bool { return f.env() == name }):
		default:
			problems = append(problems, Problem{Name: name, Message: "unknown setting" + suggestion(name, fields, (*field).env)})
		}
	}
	return problems
}
