package flip

import (
	"fmt"
	"reflect"
	"strconv"
	"time"
)

// maxPerAnswer is how many differences of one answer are listed.
const maxPerAnswer = 3

// diff lists the fields in which two values of one type differ.
func diff(a, b any) []Difference {
	var d differ
	d.walk("", reflect.ValueOf(a), reflect.ValueOf(b))
	return d.found
}

type differ struct{ found []Difference }

func (d *differ) walk(path string, a, b reflect.Value) {
	if len(d.found) == maxPerAnswer {
		return
	}
	if !a.IsValid() || !b.IsValid() || a.Type() != b.Type() {
		d.add(path, a, b, a.IsValid() == b.IsValid() && !a.IsValid())
		return
	}
	if at, ok := reflect.TypeAssert[time.Time](a); ok {
		bt, _ := reflect.TypeAssert[time.Time](b)
		d.add(path, a, b, at.Equal(bt))
		return
	}
	switch a.Kind() {
	case reflect.Struct:
		for i := range a.NumField() {
			if f := a.Type().Field(i); f.IsExported() {
				d.walk(join(path, f.Name), a.Field(i), b.Field(i))
			}
		}
	case reflect.Pointer, reflect.Interface:
		if a.IsNil() || b.IsNil() {
			d.add(path, a, b, a.IsNil() && b.IsNil())
			return
		}
		d.walk(path, a.Elem(), b.Elem())
	case reflect.Slice:
		if a.Len() != b.Len() {
			d.note(path, strconv.Itoa(a.Len())+" elements", strconv.Itoa(b.Len())+" elements")
			return
		}
		for i := range a.Len() {
			d.walk(path+"["+strconv.Itoa(i)+"]", a.Index(i), b.Index(i))
		}
	case reflect.Map:
		d.walkMap(path, a, b)
	default:
		d.add(path, a, b, a.Equal(b))
	}
}

func (d *differ) walkMap(path string, a, b reflect.Value) {
	if a.Len() != b.Len() {
		d.note(path, strconv.Itoa(a.Len())+" entries", strconv.Itoa(b.Len())+" entries")
		return
	}
	for _, key := range a.MapKeys() {
		d.walk(fmt.Sprintf("%s[%v]", path, key), a.MapIndex(key), b.MapIndex(key))
	}
}

func (d *differ) add(path string, a, b reflect.Value, equal bool) {
	if !equal {
		d.note(path, show(a), show(b))
	}
}

func (d *differ) note(path, a, b string) {
	d.found = append(d.found, Difference{Field: path, Local: a, Remote: b})
}

// show is a value without what may be somebody's: numbers, times and
// identifiers, but the length of a text only.
func show(v reflect.Value) string {
	if !v.IsValid() {
		return "absent"
	}
	if text, ok := reflect.TypeAssert[fmt.Stringer](v); ok && v.Kind() != reflect.Pointer {
		return text.String()
	}
	switch v.Kind() {
	case reflect.String:
		return strconv.Itoa(v.Len()) + " bytes of text"
	case reflect.Bool, reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Float32, reflect.Float64:
		return fmt.Sprint(v.Interface())
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return "absent"
		}
		return "present"
	default:
		return v.Kind().String()
	}
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}
