package app

import (
	"net/mail"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"shop/modules/cart"
	"shop/platform/fault"
)

const (
	// maxEmail is the longest address that can be delivered to (RFC 5321), in
	// bytes.
	maxEmail = 254
	maxName  = 200 // characters
)

// checkBuyer names every field of contact and address that cannot be accepted.
func checkBuyer(in cart.CheckoutInput) error {
	var found findings
	if c := in.Contact; c != nil {
		parsed, err := mail.ParseAddress(c.Email)
		if err != nil || parsed.Address != c.Email || parsed.Name != "" || len(c.Email) > maxEmail {
			found.add("body.contact.email", "must be an e-mail address such as ada@example.com")
		}
		found.line("body.contact.name", c.Name, maxName)
	}
	if in.ShipTo == nil {
		return found.fault()
	}
	to := *in.ShipTo
	for _, part := range []struct{ name, text string }{
		{"name", to.Name},
		{"line1", to.Line1},
		{"line2", to.Line2},
		{"postal_code", to.PostalCode},
		{"city", to.City},
		{"region", to.Region},
		{"country", to.Country},
	} {
		found.line("body.ship_to."+part.name, part.text, cart.MaxAddressText)
	}
	if c := to.Country; c != "" && (len(c) != 2 || strings.Trim(c, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "") {
		found.add("body.ship_to.country", "must be a code of two capital letters such as DE")
	}
	return found.fault()
}

// findings collects what is wrong with an input.
type findings []fault.Field

func (f *findings) add(location, message string) {
	*f = append(*f, fault.Field{Location: location, Message: message})
}

// line accepts one line of text.
func (f *findings) line(location, text string, most int) {
	if utf8.RuneCountInString(text) > most || strings.ContainsFunc(text, unicode.IsControl) || !utf8.ValidString(text) {
		f.add(location, "must be one line of at most "+strconv.Itoa(most)+" characters")
	}
}

// fault is one error for all that was found; nil when nothing was.
func (f *findings) fault() error {
	if len(*f) == 0 {
		return nil
	}
	invalid := fault.InvalidField((*f)[0].Location, (*f)[0].Message)
	for _, more := range (*f)[1:] {
		invalid = invalid.WithField(more.Location, more.Message)
	}
	return invalid
}
