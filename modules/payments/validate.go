package payments

import (
	"errors"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"shop/platform/fault"
	"shop/platform/money"
)

// Limits of what a caller may enter, in characters.
const (
	MaxDescriptionLength   = 500
	MaxPaymentMethodLength = 100
	MaxReferenceLength     = 100
	MaxReasonLength        = 500
	MaxBuyerLength         = 254 // of each field of a buyer and of an address
)

// Validate names every field that cannot be accepted, in one fault of kind
// Invalid. Whether there is such a user is for the module to say.
func (in CreateInvoiceInput) Validate() error {
	var all findings
	if in.UserID.IsZero() {
		all.add("body.user_id", "must be a user's identifier")
	}
	if len(in.Reference) > MaxReferenceLength || !graphic(in.Reference) {
		all.add("body.reference", "must be at most "+strconv.Itoa(MaxReferenceLength)+" printable ASCII characters without spaces")
	}
	if !in.Currency.Valid() {
		all.add("body.currency", "must be an ISO 4217 code such as EUR")
	}
	if in.Buyer != nil {
		all.text("body.buyer.name", in.Buyer.Name, MaxBuyerLength)
		all.text("body.buyer.email", in.Buyer.Email, MaxBuyerLength)
		all.address("body.buyer.address.", in.Buyer.Address)
	}
	all.address("body.ship_to.", in.ShipTo)
	if in.Tax != nil {
		all.tax(*in.Tax, in.Currency)
	}
	if len(in.Lines) < 1 || len(in.Lines) > MaxLines {
		all.add("body.lines", "must have 1 to "+strconv.Itoa(MaxLines)+" entries")
		return all.fault()
	}
	for i, line := range in.Lines {
		all.line("body.lines["+strconv.Itoa(i)+"].", line, in.Currency)
	}
	if all.none() {
		switch v, err := in.Draw(); {
		case errors.Is(err, errNegative):
			all.add("body.lines", "must have a total that is not negative")
		case err != nil:
			all.add("body.lines", "must have a total that fits 63 bits")
		case v.Tax.Included && v.Tax.Amount.Minor > v.Total.Minor:
			all.add("body.tax.amount.amount", "must not be more than the total that it is included in")
		}
	}
	return all.fault()
}

// Validate refuses a payment method that no provider could have.
func (in PayInput) Validate() error {
	if in.PaymentMethod == "" || len(in.PaymentMethod) > MaxPaymentMethodLength || !graphic(in.PaymentMethod) {
		return fault.InvalidField("body.payment_method",
			"must be 1 to "+strconv.Itoa(MaxPaymentMethodLength)+" printable ASCII characters without spaces")
	}
	return nil
}

// Validate refuses a state that there is not.
func (in ListInvoicesInput) Validate() error {
	switch in.Status {
	case "", StatusDraft, StatusOpen, StatusPaying, StatusPaid, StatusVoid, StatusRefunded, StatusUncollectible:
		return nil
	default:
		return fault.InvalidField("query.status", "must be a status of invoices")
	}
}

// Validate names every field that cannot be accepted, in one fault of kind
// Invalid. Whether so much is left is for the module to say.
func (in RefundInput) Validate() error {
	var all findings
	if in.Amount != nil && in.Amount.Minor < 1 {
		all.add("body.amount.amount", "must be at least 1 minor unit")
	}
	all.text("body.reason", in.Reason, MaxReasonLength)
	return all.fault()
}

// findings collects what is wrong with an input.
type findings []fault.Field

func (f *findings) add(location, message string) {
	*f = append(*f, fault.Field{Location: location, Message: message})
}

func (f *findings) none() bool { return len(*f) == 0 }

// text accepts one line, also an empty one.
func (f *findings) text(location, text string, longest int) {
	if utf8.RuneCountInString(text) > longest || !printable(text) {
		f.add(location, "must be at most "+strconv.Itoa(longest)+" characters on one line")
	}
}

func (f *findings) address(prefix string, a Address) {
	f.text(prefix+"name", a.Name, MaxBuyerLength)
	f.text(prefix+"line1", a.Line1, MaxBuyerLength)
	f.text(prefix+"line2", a.Line2, MaxBuyerLength)
	f.text(prefix+"postal_code", a.PostalCode, MaxBuyerLength)
	f.text(prefix+"city", a.City, MaxBuyerLength)
	f.text(prefix+"region", a.Region, MaxBuyerLength)
	if a.Country != "" && (len(a.Country) != 2 || strings.Trim(a.Country, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "") {
		f.add(prefix+"country", "must be an ISO 3166-1 alpha-2 code such as DE")
	}
}

func (f *findings) tax(tax Tax, currency money.Currency) {
	if !percent(tax.Rate) {
		f.add("body.tax.rate", "must be a decimal of percent such as 19 or 8.1")
	}
	if tax.Amount.Minor < 0 {
		f.add("body.tax.amount.amount", "must not be negative")
	}
	if tax.Amount.Currency != currency {
		f.add("body.tax.amount.currency", "must be the invoice's currency")
	}
}

func (f *findings) line(prefix string, line LineInput, currency money.Currency) {
	f.text(prefix+"description", line.Description, MaxDescriptionLength)
	if strings.TrimSpace(line.Description) == "" {
		f.add(prefix+"description", "must not be blank")
	}
	if line.Quantity < 1 || line.Quantity > MaxQuantity {
		f.add(prefix+"quantity", "must be from 1 to "+strconv.Itoa(MaxQuantity))
	}
	least, most := int64(0), int64(money.MaxPrice)
	switch line.Kind {
	case "", KindProduct, KindShipping, KindOther:
	case KindDiscount:
		least, most = -most, 0
	default:
		f.add(prefix+"kind", "must be product, discount, shipping or other")
	}
	if line.UnitPrice.Minor < least || line.UnitPrice.Minor > most {
		f.add(prefix+"unit_price.amount",
			"must be from "+strconv.FormatInt(least, 10)+" to "+strconv.FormatInt(most, 10)+" minor units")
	}
	if line.UnitPrice.Currency != currency {
		f.add(prefix+"unit_price.currency", "must be the invoice's currency")
	}
}

// printable reports whether text is one line that people can read.
func printable(text string) bool {
	return utf8.ValidString(text) && !strings.ContainsFunc(text, unicode.IsControl)
}

// graphic reports whether text is ASCII without spaces.
func graphic(text string) bool {
	for _, c := range []byte(text) {
		if c <= ' ' || c > '~' {
			return false
		}
	}
	return true
}

// percent reports whether text is a decimal from 0 to 999 with at most four
// digits after the point.
func percent(text string) bool {
	whole, rest, point := strings.Cut(text, ".")
	digits := func(text string, most int) bool {
		return text != "" && len(text) <= most && strings.Trim(text, "0123456789") == ""
	}
	return digits(whole, 3) && (!point || digits(rest, 4))
}

// fault is the error of all findings; nil without one.
func (f *findings) fault() error {
	if f.none() {
		return nil
	}
	first := (*f)[0]
	all := fault.InvalidField(first.Location, first.Message)
	for _, field := range (*f)[1:] {
		all = all.WithField(field.Location, field.Message)
	}
	return all
}
