package payments

import "shop/platform/fault"

// The failures that a caller can meet.
var (
	// ErrInvoiceNotFound is returned for an invoice that does not exist or is
	// somebody else's.
	ErrInvoiceNotFound = fault.New(fault.NotFound, "invoice_not_found", "there is no such invoice")
	// ErrAlreadyPaid is returned when the invoice is paid: nothing was charged.
	ErrAlreadyPaid = fault.New(fault.Conflict, "invoice_already_paid", "the invoice is paid already; nothing was charged")
	// ErrNotPayable is returned for an invoice that is a draft, void, refunded or
	// uncollectible.
	ErrNotPayable = fault.New(fault.Conflict, "invoice_not_payable", "the invoice cannot be paid in its state")
	// ErrReferenceTaken is returned for a reference of another invoice.
	ErrReferenceTaken = fault.New(fault.Conflict, "reference_taken", "there is another invoice with this reference").WithField("body.reference", "belongs to another invoice")
	// ErrNotDraft is returned when an invoice is opened that was closed.
	ErrNotDraft = fault.New(fault.Conflict, "invoice_not_draft", "the invoice is no draft any more")
	// ErrNotVoidable is returned for an invoice that is paid, refunded or
	// uncollectible.
	ErrNotVoidable = fault.New(fault.Conflict, "invoice_not_voidable", "the invoice cannot be voided in its state")
	// ErrNotCollectible is returned when an invoice is written off that is not open.
	ErrNotCollectible = fault.New(fault.Conflict, "invoice_not_collectible", "only an open invoice can be written off")
	// ErrNotRefundable is returned for an invoice that was not paid.
	ErrNotRefundable = fault.New(fault.Conflict, "invoice_not_refundable", "the invoice has not been paid")
	// ErrNothingToRefund is returned when all of it went back, or is on its way.
	ErrNothingToRefund = fault.New(fault.Conflict, "nothing_to_refund", "nothing is left to give back")
	// ErrCreditNoteNotFound is returned for a credit note that does not exist, is
	// somebody else's, or whose money has not gone back.
	ErrCreditNoteNotFound = fault.New(fault.NotFound, "credit_note_not_found", "there is no such credit note")
	// ErrRefundTooMuch is returned for an amount above what is left.
	ErrRefundTooMuch = fault.New(fault.Conflict, "refund_too_much", "that is more than is left of what was paid")
	// ErrRefundRefused is returned when the provider refused the refund: nothing
	// went back.
	ErrRefundRefused = fault.New(fault.Conflict, "refund_refused", "the payment provider refused the refund")
	// ErrPaymentInProgress is returned while another payment of the invoice runs.
	ErrPaymentInProgress = fault.New(fault.Conflict, "payment_in_progress", "another payment of this invoice is under way; look at the invoice again")
	// ErrDeclined is returned when the provider refused the charge. The invoice
	// is open again and may be paid another way.
	ErrDeclined = fault.New(fault.Declined, "payment_declined", "the payment was declined; try another payment method")
	// ErrUnknownMethod is returned for a payment method that the provider does
	// not know.
	ErrUnknownMethod = fault.New(fault.Invalid, "unknown_payment_method", "the provider does not know this payment method").WithField("body.payment_method", "is not known to the provider")
	// ErrProviderUnavailable is returned when the provider could not be reached
	// and certainly did not charge: try again.
	ErrProviderUnavailable = fault.New(fault.Unavailable, "payment_provider_unavailable", "the payment provider cannot be reached; nothing was charged")
	// ErrOutcomeUnknown is returned when the provider did not answer in time. It
	// may have charged; the shop asks it until it knows. Look at the invoice, or
	// pay again: it is never charged twice.
	ErrOutcomeUnknown = fault.New(fault.Timeout, "payment_outcome_unknown", "the payment provider has not answered yet; the invoice tells how it ended")
)
