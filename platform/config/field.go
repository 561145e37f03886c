package config

import (
	"fmt"
	"net/netip"
	"reflect"
	"strings"
	"time"

	"shop/platform/money"
	"shop/platform/serviceauth"
)

// envPrefix starts every variable of the shop.
const envPrefix = "SHOP_"

// field is one setting, bound to its place in a Config.
type field struct {
	key      string
	fallback string
	allow    []string
	check    string
	doc      string
	target   any // pointer to the value
}

// fieldsOf lists the settings of c in the order of their declaration. A field
// with a key but without a doc is a group of settings.
func fieldsOf(c *Config) []*field {
	return appendFields(nil, "", reflect.ValueOf(c).Elem())
}

func appendFields(fields []*field, prefix string, group reflect.Value) []*field {
	for i := range group.NumField() {
		declared := group.Type().Field(i)
		key, isSetting := declared.Tag.Lookup("key")
		switch {
		case declared.Anonymous:
			fields = appendFields(fields, prefix, group.Field(i))
		case !isSetting:
			continue
		case declared.Tag.Get("doc") == "":
			fields = appendFields(fields, prefix+key+".", group.Field(i))
		default:
			f := &field{
				key:      prefix + key,
				fallback: declared.Tag.Get("default"),
				check:    declared.Tag.Get("check"),
				doc:      declared.Tag.Get("doc"),
				target:   group.Field(i).Addr().Interface(),
			}
			if allow := declared.Tag.Get("allow"); allow != "" {
				f.allow = strings.Split(allow, ",")
			}
			fields = append(fields, f)
		}
	}
	return fields
}

// env is the name of the setting's environment variable.
func (f *field) env() string {
	return envPrefix + strings.ToUpper(strings.ReplaceAll(f.key, ".", "_"))
}

// hidden reports whether what a user wrote must not be repeated.
func (f *field) hidden() bool {
	switch f.target.(type) {
	case *Secret, *URL, *serviceauth.Keys:
		return true
	default:
		return false
	}
}

// value is the setting as it would be written, secrets masked.
func (f *field) value() string {
	switch v := f.target.(type) {
	case *[]string:
		return strings.Join(*v, ",")
	case *[]netip.Prefix:
		texts := make([]string, len(*v))
		for i, prefix := range *v {
			texts[i] = prefix.String()
		}
		return strings.Join(texts, ",")
	case *time.Duration:
		return shortDuration(*v)
	default:
		return fmt.Sprint(reflect.ValueOf(f.target).Elem().Interface())
	}
}

// allowed says in a few words what the setting takes.
func (f *field) allowed() string {
	switch f.target.(type) {
	case *bool:
		return "true or false"
	case *int:
		return "a whole number"
	case *time.Duration:
		return "a duration"
	case *Rate:
		return "a rate such as 60/1m, or off"
	case *URL:
		return "a URL with " + orList(withSuffix(f.allow, "://"))
	case *Percent:
		return "a whole number from 0 to 100"
	case *MinorUnits:
		return "a whole number of minor units"
	case *money.Rate:
		return "a percentage"
	case *[]string, *[]netip.Prefix:
		if len(f.allow) > 0 {
			return "a list of " + orList(f.allow) + ", separated by commas"
		}
		return "a list, separated by commas"
	default:
		return orList(f.allow)
	}
}
