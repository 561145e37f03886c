package payments

import (
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
)

// Validate names every field that cannot be accepted, in one fault of kind
// Invalid. Whether there is such a user is for the module to say.
func (in CreateInvoiceInput) Validate() error {
	var all findings
	if in.UserID.IsZero() {
		all.add("body.user_id", "must be a user's identifier")
	}
	if !in.Currency.Valid() {
		all.add("body.currency", "must be an ISO 4217 code such as EUR")
	}
	if len(in.Lines) < 1 || len(in.Lines) > MaxLines {
		all.add("body.lines", "must have 1 to "+strconv.Itoa(MaxLines)+" entries")
		return all.fault()
	}
	for i, line := range in.Lines {
		all.line("body.lines["+strconv.Itoa(i)+"].", line, in.Currency)
	}
	if all.none() {
		if _, err := in.Total(); err != nil {
			all.add("body.lines", "must have a total that fits 63 bits")
		}
	}
	return all.fault()
}

// Total is the sum of the lines. Errors: money.ErrOverflow, and
// money.ErrMismatch for lines in several currencies.
func (in CreateInvoiceInput) Total() (money.Amount, error) {
	total := money.Of(0, in.Currency)
	for _, line := range in.Lines {
		lineTotal, err := line.UnitPrice.Times(line.Quantity)
		if err != nil {
			return money.Amount{}, err
		}
		if total, err = total.Add(lineTotal); err != nil {
			return money.Amount{}, err
		}
	}
	return total, nil
}

// Validate refuses a payment method that no provider could have.
func (in PayInput) Validate() error {
	ok := in.PaymentMethod != "" && len(in.PaymentMethod) <= MaxPaymentMethodLength
	for _, c := range []byte(in.PaymentMethod) {
		ok = ok && c > ' ' && c <= '~'
	}
	if !ok {
		return fault.InvalidField("body.payment_method",
			"must be 1 to "+strconv.Itoa(MaxPaymentMethodLength)+" printable ASCII characters without spaces")
	}
	return nil
}

// findings collects what is wrong with an input.
type findings []fault.Field

func (f *findings) add(location, message string) {
	*f = append(*f, fault.Field{Location: location, Message: message})
}

func (f *findings) none() bool { return len(*f) == 0 }

func (f *findings) line(prefix string, line LineInput, currency money.Currency) {
	n := utf8.RuneCountInString(line.Description)
	printable := utf8.ValidString(line.Description) && !strings.ContainsFunc(line.Description, unicode.IsControl)
	if n > MaxDescriptionLength || strings.TrimSpace(line.Description) == "" || !printable {
		f.add(prefix+"description", "must be 1 to "+strconv.Itoa(MaxDescriptionLength)+" characters on one line, and not blank")
	}
	if line.Quantity < 1 || line.Quantity > MaxQuantity {
		f.add(prefix+"quantity", "must be from 1 to "+strconv.Itoa(MaxQuantity))
	}
	if line.UnitPrice.Minor < 0 || line.UnitPrice.Minor > money.MaxPrice {
		f.add(prefix+"unit_price.amount", "must be from 0 to "+strconv.FormatInt(money.MaxPrice, 10)+" minor units")
	}
	if line.UnitPrice.Currency != currency {
		f.add(prefix+"unit_price.currency", "must be the invoice's currency")
	}
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
