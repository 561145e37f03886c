package id

// The kinds of identifier in the shop. They stand together because a prefix
// must be unique across modules and because one module names the things of
// another (a cart item names a product) without importing it.
type (
	userKind       struct{}
	sessionKind    struct{}
	emailKind      struct{}
	productKind    struct{}
	movementKind   struct{}
	cartItemKind   struct{}
	checkoutKind   struct{}
	invoiceKind    struct{}
	lineKind       struct{}
	paymentKind    struct{}
	logKind        struct{}
	eventKind      struct{}
	orderKind      struct{}
	discountKind   struct{}
	refundKind     struct{}
	creditNoteKind struct{}
	webhookKind    struct{}
)

func (userKind) Prefix() string       { return "user" }
func (sessionKind) Prefix() string    { return "sess" }
func (emailKind) Prefix() string      { return "mail" }
func (productKind) Prefix() string    { return "prod" }
func (movementKind) Prefix() string   { return "mov" }
func (cartItemKind) Prefix() string   { return "cart" }
func (checkoutKind) Prefix() string   { return "chk" }
func (invoiceKind) Prefix() string    { return "inv" }
func (lineKind) Prefix() string       { return "line" }
func (paymentKind) Prefix() string    { return "pay" }
func (logKind) Prefix() string        { return "log" }
func (eventKind) Prefix() string      { return "evt" }
func (orderKind) Prefix() string      { return "ord" }
func (discountKind) Prefix() string   { return "disc" }
func (refundKind) Prefix() string     { return "ref" }
func (creditNoteKind) Prefix() string { return "crn" }
func (webhookKind) Prefix() string    { return "whk" }

// The typed identifiers.
type (
	// User identifies a user ("user_…").
	User = ID[userKind]
	// Session identifies a session ("sess_…"); it is no secret, the token is.
	Session = ID[sessionKind]
	// Email identifies a queued e-mail ("mail_…").
	Email = ID[emailKind]
	// Product identifies a product ("prod_…").
	Product = ID[productKind]
	// StockMovement identifies a change of a stock level ("mov_…").
	StockMovement = ID[movementKind]
	// CartItem identifies a line of a cart ("cart_…").
	CartItem = ID[cartItemKind]
	// Checkout identifies one attempt to check a cart out ("chk_…").
	Checkout = ID[checkoutKind]
	// Invoice identifies an invoice ("inv_…").
	Invoice = ID[invoiceKind]
	// InvoiceLine identifies a line of an invoice ("line_…").
	InvoiceLine = ID[lineKind]
	// Payment identifies one attempt to pay ("pay_…").
	Payment = ID[paymentKind]
	// LogEntry identifies a recorded action ("log_…").
	LogEntry = ID[logKind]
	// Event identifies an event ("evt_…").
	Event = ID[eventKind]
	// Order identifies an order ("ord_…").
	Order = ID[orderKind]
	// Discount identifies a discount code ("disc_…").
	Discount = ID[discountKind]
	// Refund identifies an attempt to give money back ("ref_…").
	Refund = ID[refundKind]
	// CreditNote identifies a credit note ("crn_…").
	CreditNote = ID[creditNoteKind]
	// Webhook identifies a message of a payment provider ("whk_…").
	Webhook = ID[webhookKind]
)

// NewUser makes a new user's identifier.
func NewUser() User { return New[userKind]() }

// NewSession makes a new session's identifier.
func NewSession() Session { return New[sessionKind]() }

// NewEmail makes a new e-mail's identifier.
func NewEmail() Email { return New[emailKind]() }

// NewProduct makes a new product's identifier.
func NewProduct() Product { return New[productKind]() }

// NewStockMovement makes a new stock movement's identifier.
func NewStockMovement() StockMovement { return New[movementKind]() }

// NewCartItem makes a new cart item's identifier.
func NewCartItem() CartItem { return New[cartItemKind]() }

// NewCheckout makes a new checkout's identifier.
func NewCheckout() Checkout { return New[checkoutKind]() }

// NewInvoice makes a new invoice's identifier.
func NewInvoice() Invoice { return New[invoiceKind]() }

// NewInvoiceLine makes a new invoice line's identifier.
func NewInvoiceLine() InvoiceLine { return New[lineKind]() }

// NewPayment makes a new payment's identifier.
func NewPayment() Payment { return New[paymentKind]() }

// NewLogEntry makes a new log entry's identifier.
func NewLogEntry() LogEntry { return New[logKind]() }

// NewEvent makes a new event's identifier.
func NewEvent() Event { return New[eventKind]() }

// NewOrder makes a new order's identifier.
func NewOrder() Order { return New[orderKind]() }

// NewDiscount makes a new discount code's identifier.
func NewDiscount() Discount { return New[discountKind]() }

// NewRefund makes a new refund's identifier.
func NewRefund() Refund { return New[refundKind]() }

// NewCreditNote makes a new credit note's identifier.
func NewCreditNote() CreditNote { return New[creditNoteKind]() }

// NewWebhook makes a new provider's message's identifier.
func NewWebhook() Webhook { return New[webhookKind]() }
