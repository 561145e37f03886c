package app

import (
	"net/url"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"shop/modules/catalog"
	"shop/platform/fault"
	"shop/platform/money"
)

// Limits of a product's fields, in characters unless said otherwise.
const (
	maxSKU            = 64
	maxName           = 200
	maxDescription    = 20_000
	maxCategory       = 100
	maxAttributes     = 50 // pairs
	maxAttributeName  = 64
	maxAttributeValue = 500
	maxImages         = 20 // URLs
	maxImageURL       = 2048
)

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
	e := fault.InvalidField(f.fields[0].Location, f.fields[0].Message)
	for _, field := range f.fields[1:] {
		e = e.WithField(field.Location, field.Message)
	}
	return e
}

// CheckProduct checks all fields of a product as it would be stored; prefix is
// where its fields are in the request. Errors: invalid fields.
func CheckProduct(prefix string, p catalog.Product) error {
	check := findings{prefix: prefix}
	check.product(p)
	return check.err()
}

// product checks all fields of a product as it would be stored.
func (f *findings) product(p catalog.Product) {
	f.sku(p.SKU)
	f.line("name", p.Name, 1, maxName)
	f.text("description", p.Description, maxDescription)
	f.line("category", p.Category, 0, maxCategory)
	if p.Price.Minor < 0 || p.Price.Minor > money.MaxPrice {
		f.add("price.amount", "must be from 0 to "+strconv.FormatInt(money.MaxPrice, 10)+" minor units")
	}
	if !p.Price.Currency.Valid() {
		f.add("price.currency", "must be an ISO 4217 code such as EUR")
	}
	if p.Stock < 0 || p.Stock > catalog.MaxStock {
		f.add("stock", "must be from 0 to "+strconv.Itoa(catalog.MaxStock))
	}
	f.attributes(p.Attributes)
	f.images(p.Images)
}

func (f *findings) sku(sku string) {
	ok := sku != "" && len(sku) <= maxSKU
	for _, c := range []byte(sku) {
		ok = ok && c > ' ' && c <= '~'
	}
	if !ok {
		f.add("sku", "must be 1 to "+strconv.Itoa(maxSKU)+" printable ASCII characters without spaces")
	}
}

func (f *findings) attributes(attributes map[string]string) {
	if len(attributes) > maxAttributes {
		f.add("attributes", "must have at most "+strconv.Itoa(maxAttributes)+" entries")
		return
	}
	for name, value := range attributes {
		if !plainLine(name, 1, maxAttributeName) {
			f.add("attributes", "must have names of 1 to "+strconv.Itoa(maxAttributeName)+" characters on one line")
			return
		}
		f.line("attributes."+name, value, 0, maxAttributeValue)
	}
}

func (f *findings) images(images []string) {
	if len(images) > maxImages {
		f.add("images", "must have at most "+strconv.Itoa(maxImages)+" entries")
		return
	}
	for i, image := range images {
		u, err := url.Parse(image)
		if err != nil || len(image) > maxImageURL || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
			f.add("images["+strconv.Itoa(i)+"]", "must be an http or https URL of at most "+strconv.Itoa(maxImageURL)+" characters")
		}
	}
}

// line checks text that fits on one line.
func (f *findings) line(location, value string, least, most int) {
	if !plainLine(value, least, most) {
		f.add(location, "must be "+strconv.Itoa(least)+" to "+strconv.Itoa(most)+" characters on one line")
	}
}

// text checks text that may have several lines.
func (f *findings) text(location, value string, most int) {
	lines := strings.NewReplacer("\n", "", "\r", "", "\t", "").Replace(value)
	if !plain(lines) || utf8.RuneCountInString(value) > most {
		f.add(location, "must be at most "+strconv.Itoa(most)+" characters without control characters")
	}
}

func plainLine(value string, least, most int) bool {
	n := utf8.RuneCountInString(value)
	return n >= least && n <= most && plain(value) && strings.TrimSpace(value) == value
}

func plain(value string) bool {
	return utf8.ValidString(value) && strings.IndexFunc(value, unicode.IsControl) < 0
}
