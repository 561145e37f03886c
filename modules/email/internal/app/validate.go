package app

import (
	"net/mail"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"shop/modules/email"
	"shop/platform/fault"
)

// Keys of the templates' data.
const (
	dataName    = "name"
	dataInvoice = "invoice_id"
)

// templateKeys are the keys of each template's data, all of them required.
func templateKeys(t email.Template) (keys []string, known bool) {
	switch t {
	case email.TemplateRegistration, email.TemplateVerification, email.TemplatePasswordReset:
		return []string{dataName}, true
	case email.TemplateInvoice, email.TemplateReceipt:
		return []string{dataInvoice, dataName}, true
	default:
		return nil, false
	}
}

// findings collects what is wrong with an input, each with its place.
type findings struct {
	prefix string
	fields []fault.Field
}

func (f *findings) add(location, message string) {
	f.fields = append(f.fields, fault.Field{Location: f.prefix + location, Message: message})
}

// err is the fault of all findings; nil without one.
func (f *findings) err() error {
	if len(f.fields) == 0 {
		return nil
	}
	// Some were found in a map, which has no order.
	slices.SortFunc(f.fields, func(a, b fault.Field) int { return strings.Compare(a.Location, b.Location) })
	e := fault.InvalidField(f.fields[0].Location, f.fields[0].Message)
	for _, field := range f.fields[1:] {
		e = e.WithField(field.Location, field.Message)
	}
	return e
}

// validate checks a message. An unknown template that is all there is to find
// has an error of its own.
func validate(in email.SendInput) error {
	check := findings{prefix: "body."}
	if !isAddress(in.To) {
		check.add("to", "must be one e-mail address such as jo@example.com, at most "+strconv.Itoa(email.MaxAddress)+" bytes")
	}
	if in.Template == "" {
		check.message(in)
		return check.err()
	}
	for location, given := range map[string]string{"subject": in.Subject, "text": in.Text, "html": in.HTML} {
		if given != "" {
			check.add(location, "must be left out where a template writes the message")
		}
	}
	keys, known := templateKeys(in.Template)
	if !known {
		if len(check.fields) == 0 {
			return email.ErrUnknownTemplate
		}
		check.add("template", "is not the name of a template")
		return check.err()
	}
	check.data(in.Data, keys)
	return check.err()
}

// message checks one that was written out.
func (f *findings) message(in email.SendInput) {
	if n := utf8.RuneCountInString(in.Subject); n < 1 || n > email.MaxSubject || !plainLine(in.Subject) {
		f.add("subject", "must be 1 to "+strconv.Itoa(email.MaxSubject)+" characters on one line")
	}
	if in.Text == "" && in.HTML == "" {
		f.add("text", "must be given, or html, or a template instead of both")
	}
	f.body("text", in.Text)
	f.body("html", in.HTML)
	if len(in.Data) > 0 {
		f.add("data", "goes with a template only")
	}
}

func (f *findings) body(location, text string) {
	switch {
	case len(text) > email.MaxBody:
		f.add(location, "must be at most "+strconv.Itoa(email.MaxBody)+" bytes")
	case !utf8.ValidString(text) || strings.ContainsRune(text, 0):
		f.add(location, "must be valid UTF-8 without NUL characters")
	}
}

// data checks that exactly the keys of a template are there.
func (f *findings) data(data map[string]any, keys []string) {
	for _, key := range keys {
		if _, given := data[key]; !given {
			f.add("data."+key, "is required by this template")
		}
	}
	for key, value := range data {
		if !slices.Contains(keys, key) {
			f.add("data."+placeName(key), "is not known to this template; it takes "+strings.Join(keys, ", "))
			continue
		}
		text, isText := value.(string)
		if n := utf8.RuneCountInString(text); !isText || n < 1 || n > email.MaxName || !plainLine(text) {
			f.add("data."+key, "must be text of 1 to "+strconv.Itoa(email.MaxName)+" characters on one line")
		}
	}
}

// placeName is a key as an answer may repeat it.
func placeName(key string) string {
	const longest = 40
	key = strings.Map(func(r rune) rune {
		if r == '_' || r == '-' || unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return '?'
	}, key)
	if runes := []rune(key); len(runes) > longest {
		return string(runes[:longest]) + "…"
	}
	return key
}

// isAddress reports whether text is one bare address and nothing else: what a
// header or an envelope would read out of it is the text itself.
func isAddress(text string) bool {
	if len(text) > email.MaxAddress || !plainLine(text) {
		return false
	}
	parsed, err := mail.ParseAddress(text)
	return err == nil && parsed.Name == "" && parsed.Address == text
}

// plainLine reports whether text has neither control characters nor line
// separators, so that it cannot begin a new header line.
func plainLine(text string) bool {
	return utf8.ValidString(text) && strings.IndexFunc(text, func(r rune) bool {
		return unicode.In(r, unicode.Cc, unicode.Zl, unicode.Zp)
	}) < 0
}
