package cart

import (
	"shop/platform/id"
	"shop/platform/idempotency"
	"shop/platform/money"
)

// Checkout is a checkout that succeeded.
type Checkout struct {
	ID        id.Checkout
	InvoiceID id.Invoice
	// Number is the invoice's number for people.
	Number string
	// Total is what the invoice is about; the zero Amount for a checkout of an
	// earlier release.
	Total money.Amount
}

// CheckoutInput names the user whose cart is checked out. Everything else is
// optional.
type CheckoutInput struct {
	Key    *idempotency.Key
	UserID id.User
	// ExpectedTotal is what the user was shown: when it is not what would be
	// charged, nothing is done (ErrTotalChanged).
	ExpectedTotal *money.Amount
	// DiscountCode is compared without regard to upper and lower case.
	DiscountCode string
	// Contact is who buys: a guest must say it; a user's account answers for it.
	Contact *Contact
	// ShipTo is where the goods go.
	ShipTo *Address
}

// Contact is who buys, for the invoice and its e-mails.
type Contact struct{ Email, Name string }

// QuoteInput names the user whose cart is added up.
type QuoteInput struct {
	UserID       id.User
	DiscountCode string
}

// Quote is what a checkout would charge now.
type Quote struct {
	Lines []QuoteLine
	Totals
}

// QuoteLine is one product of a quote.
type QuoteLine struct {
	ProductID            id.Product
	Name                 string
	Quantity             int64
	UnitPrice, LineTotal money.Amount
}

// Totals is how the total of a checkout comes about: subtotal minus discount
// plus shipping, plus the tax unless that is included in the prices.
type Totals struct {
	// Subtotal is the sum of the lines.
	Subtotal money.Amount `json:"subtotal"`
	// Discount is what is taken off, at most the subtotal.
	Discount money.Amount `json:"discount"`
	Shipping money.Amount `json:"shipping"`
	Tax      Tax          `json:"tax"`
	Total    money.Amount `json:"total"`
}

// Tax is the tax on all that is charged, shipping included.
type Tax struct {
	// Rate is a decimal percentage such as "19".
	Rate string `json:"rate"`
	// Included is true when prices include the tax.
	Included bool         `json:"included"`
	Amount   money.Amount `json:"amount"`
}
