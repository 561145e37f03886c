package email

import "shop/platform/id"

// Names of the events that this module publishes. Payloads say nothing of whom
// an e-mail goes to.
const (
	EventSent = "email.sent"
	EventDead = "email.dead"
)

// Sent says that a mail server took an e-mail.
type Sent struct {
	EmailID id.Email `json:"email_id"`
	// Template is what it was made from, Reference the invoice that it is about;
	// either may be empty.
	Template  Template `json:"template,omitempty"`
	Reference string   `json:"reference,omitempty"`
}

// EventName implements event.Event.
func (Sent) EventName() string { return EventSent }

// EventVersion implements event.Event.
func (Sent) EventVersion() int { return 1 }

// EventKey implements event.Event.
func (e Sent) EventKey() string { return e.EmailID.String() }

// Dead says that the delivery of an e-mail was given up; Retry can take it up
// again.
type Dead struct {
	EmailID id.Email `json:"email_id"`
	// Template and Reference are as those of Sent.
	Template  Template `json:"template,omitempty"`
	Reference string   `json:"reference,omitempty"`
}

// EventName implements event.Event.
func (Dead) EventName() string { return EventDead }

// EventVersion implements event.Event.
func (Dead) EventVersion() int { return 1 }

// EventKey implements event.Event.
func (e Dead) EventKey() string { return e.EmailID.String() }
