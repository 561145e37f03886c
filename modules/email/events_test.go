package email_test

import (
	"testing"

	"shop/modules/email"
	"shop/platform/event"
	"shop/platform/id"
	"shop/platform/module/moduletest"
)

func TestEventPayloads(t *testing.T) {
	t.Parallel()
	mail := id.Email{0: 1, 15: 1}
	for _, e := range []event.Event{
		email.Sent{EmailID: mail, Template: email.TemplateReceipt, Reference: "inv_01h455vb4pex5vsknk084sn02q"},
		email.Dead{EmailID: mail},
	} {
		moduletest.CheckEvent(t, e.EventName(), mail.String(), e)
	}
}
