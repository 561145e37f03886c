package emailtest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"shop/modules/email"
	"shop/modules/payments"
	"shop/platform/fault"
	"shop/platform/id"
	"shop/platform/idempotency"
	"shop/platform/identity"
)

func testSend(t *testing.T, f Fixture) {
	ctx := AsAdministrator(t.Context())
	in := email.SendInput{
		To: "Jo.Doe@example.com", Subject: "Grüße — 你好", Text: "Zwölf Boxkämpfer\n.\nend\n", HTML: "<p>Zwölf</p>\n",
	}
	sent, err := f.Service.Send(ctx, in)
	require.NoError(t, err)
	require.Equal(t, email.Email{
		ID: sent.ID, To: in.To, Subject: in.Subject, Text: in.Text, HTML: in.HTML, Status: email.StatusQueued,
		NextAttemptAt: f.Clock.Now(), Version: 1, CreatedAt: f.Clock.Now(), UpdatedAt: f.Clock.Now(),
	}, sent)

	got := f.await(t, sent.ID, email.StatusSent, 1)
	require.Equal(t, f.Clock.Now(), got.SentAt)
	require.True(t, got.NextAttemptAt.IsZero())
	require.Equal(t, int64(2), got.Version)
	require.Equal(t, []email.Attempt{{At: f.Clock.Now()}}, got.Attempts)
	require.Equal(t, in.Text, got.Text)
	require.Equal(t, in.HTML, got.HTML)

	taken := f.awaitDelivered(t, 1)
	require.Len(t, taken, 1)
	require.Contains(t, taken[0].MessageID, sent.ID.String())
	require.Equal(t, in.To, taken[0].To)
	require.Equal(t, in.Text, taken[0].Text)
	require.Equal(t, in.HTML, taken[0].HTML)
}

func testSendValidation(t *testing.T, f Fixture) {
	ctx := AsAdministrator(t.Context())
	invoice := f.invoice(f.Users.Add("jo@example.com", "Jo"))
	data := func(pairs ...any) map[string]any {
		m := map[string]any{}
		for i := 0; i < len(pairs); i += 2 {
			m[pairs[i].(string)] = pairs[i+1]
		}
		return m
	}
	for name, c := range map[string]struct {
		in     email.SendInput
		fields []string
	}{
		"empty":               {email.SendInput{}, []string{"body.to", "body.subject", "body.text"}},
		"no address":          {plainMail("jo"), []string{"body.to"}},
		"address with name":   {plainMail("Jo <jo@example.com>"), []string{"body.to"}},
		"two addresses":       {plainMail("a@example.com, b@example.com"), []string{"body.to"}},
		"address injection":   {plainMail("a@example.com\r\nBcc: b@example.com"), []string{"body.to"}},
		"address too long":    {plainMail(long(250) + "@example.com"), []string{"body.to"}},
		"address with NUL":    {plainMail("a\x00@example.com"), []string{"body.to"}},
		"subject injection":   {email.SendInput{To: "a@example.com", Subject: "Hi\r\nBcc: b@example.com", Text: "x"}, []string{"body.subject"}},
		"subject line feed":   {email.SendInput{To: "a@example.com", Subject: "Hi\nthere", Text: "x"}, []string{"body.subject"}},
		"subject separator":   {email.SendInput{To: "a@example.com", Subject: "Hi\u2028there", Text: "x"}, []string{"body.subject"}},
		"subject not UTF-8":   {email.SendInput{To: "a@example.com", Subject: "\xff", Text: "x"}, []string{"body.subject"}},
		"subject too long":    {email.SendInput{To: "a@example.com", Subject: long(email.MaxSubject + 1), Text: "x"}, []string{"body.subject"}},
		"bodies too long":     {email.SendInput{To: "a@example.com", Subject: "Hi", Text: long(email.MaxBody + 1), HTML: long(email.MaxBody + 1)}, []string{"body.text", "body.html"}},
		"body with NUL":       {email.SendInput{To: "a@example.com", Subject: "Hi", Text: "a\x00b"}, []string{"body.text"}},
		"data alone":          {email.SendInput{To: "a@example.com", Subject: "Hi", Text: "x", Data: data("name", "Jo")}, []string{"body.data"}},
		"both forms":          {email.SendInput{To: "jo@example.com", Subject: "Hi", Text: "x", HTML: "x", Template: email.TemplateInvoice, Data: data("name", "Jo", "invoice_id", invoice.ID.String())}, []string{"body.subject", "body.text", "body.html"}},
		"no data":             {email.SendInput{To: "jo@example.com", Template: email.TemplateReceipt}, []string{"body.data.name", "body.data.invoice_id"}},
		"unknown key":         {email.SendInput{To: "jo@example.com", Template: email.TemplateVerification, Data: data("name", "Jo", "link", "x")}, []string{"body.data.link"}},
		"hostile key":         {email.SendInput{To: "jo@example.com", Template: email.TemplateVerification, Data: data("name", "Jo", "<b>\n", "x")}, []string{"body.data.?b??"}},
		"nested data":         {email.SendInput{To: "jo@example.com", Template: email.TemplateVerification, Data: data("name", data("name", "Jo"))}, []string{"body.data.name"}},
		"name too long":       {email.SendInput{To: "jo@example.com", Template: email.TemplateVerification, Data: data("name", long(email.MaxName+1))}, []string{"body.data.name"}},
		"name with line feed": {email.SendInput{To: "jo@example.com", Template: email.TemplateVerification, Data: data("name", "Jo\n")}, []string{"body.data.name"}},
		"no invoice id":       {email.SendInput{To: "jo@example.com", Template: email.TemplateInvoice, Data: data("name", "Jo", "invoice_id", "user_1")}, []string{"body.data.invoice_id"}},
		"unknown invoice":     {email.SendInput{To: "jo@example.com", Template: email.TemplateInvoice, Data: data("name", "Jo", "invoice_id", id.NewInvoice().String())}, []string{"body.data.invoice_id"}},
		"unknown template":    {email.SendInput{To: "jo@example.com", Template: "birthday"}, []string{"body.template"}},
		"template and to":     {email.SendInput{To: "jo", Template: "birthday"}, []string{"body.to", "body.template"}},
		"token for nobody":    {email.SendInput{To: "who@example.com", Template: email.TemplatePasswordReset, Data: data("name", "Jo")}, []string{"body.to"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := f.Service.Send(ctx, c.in)
			requireFields(t, err, c.fields...)
		})
	}
	_, err := f.Service.Send(ctx, email.SendInput{To: "jo@example.com", Template: "birthday"})
	require.ErrorIs(t, err, email.ErrUnknownTemplate)
	require.Empty(t, f.all(t))

	longest := email.SendInput{To: "a@example.com", Subject: long(email.MaxSubject), HTML: long(email.MaxBody)}
	sent, err := f.Service.Send(ctx, longest)
	require.NoError(t, err)
	f.await(t, sent.ID, email.StatusSent, 1)
}

func testAccess(t *testing.T, f Fixture) {
	user := identity.With(t.Context(), identity.Actor{User: id.NewUser()})
	for name, c := range map[string]struct {
		call func() error
		want error
	}{
		"Send as nobody":     {func() error { _, err := f.Service.Send(t.Context(), email.SendInput{}); return err }, identity.ErrUnauthenticated},
		"Send as user":       {func() error { _, err := f.Service.Send(user, email.SendInput{}); return err }, identity.ErrForbidden},
		"Email as user":      {func() error { _, err := f.Service.Email(user, email.EmailInput{}); return err }, identity.ErrForbidden},
		"ListEmails as user": {func() error { _, err := f.Service.ListEmails(user, email.ListEmailsInput{}); return err }, identity.ErrForbidden},
		"Retry as user":      {func() error { _, err := f.Service.Retry(user, email.RetryInput{}); return err }, identity.ErrForbidden},
	} {
		require.ErrorIs(t, c.call(), c.want, name)
	}
	_, err := f.Service.Email(AsAdministrator(t.Context()), email.EmailInput{ID: id.NewEmail()})
	require.ErrorIs(t, err, email.ErrEmailNotFound)
}

func testSendErrNoUser(t *testing.T, f Fixture) {
	_, err := f.Service.Send(AsService(t.Context()), plainMail("who@example.com"))
	require.ErrorIs(t, err, email.ErrNoUser)
	f.Users.Add("jo@example.com", "Jo")
	sent, err := f.Service.Send(AsService(t.Context()), plainMail("JO@example.com"))
	require.NoError(t, err)
	f.await(t, sent.ID, email.StatusSent, 1)
}

func testSendErrTooMany(t *testing.T, f Fixture) {
	ctx := AsAdministrator(t.Context())
	for range 20 {
		_, err := f.Service.Send(ctx, plainMail("jo@example.com"))
		require.NoError(t, err)
		f.Clock.Advance(time.Minute)
	}
	_, err := f.Service.Send(ctx, plainMail("Jo@Example.com"))
	require.ErrorIs(t, err, email.ErrTooMany)
	require.Equal(t, 40*time.Minute, fault.From(err).RetryAfter)
	_, err = f.Service.Send(ctx, plainMail("other@example.com"))
	require.NoError(t, err)

	f.Clock.Advance(40 * time.Minute)
	_, err = f.Service.Send(ctx, plainMail("jo@example.com"))
	require.NoError(t, err)
}

func testSendRepeat(t *testing.T, f Fixture) {
	ctx := AsAdministrator(t.Context())
	in := plainMail("jo@example.com")
	in.Key = idempotency.NewKey("once")
	first, err := f.Service.Send(ctx, in)
	require.NoError(t, err)
	require.False(t, in.Key.Replayed())
	f.await(t, first.ID, email.StatusSent, 1)

	f.Clock.Advance(time.Minute)
	in.Key = idempotency.NewKey("once")
	again, err := f.Service.Send(ctx, in)
	require.NoError(t, err)
	require.True(t, in.Key.Replayed())
	require.Equal(t, first, again)
	require.Len(t, f.all(t), 1)

	in.Key, in.Text = idempotency.NewKey("once"), "something else"
	_, err = f.Service.Send(ctx, in)
	require.ErrorIs(t, err, idempotency.ErrMismatch)
}

func testSendAccountTemplate(t *testing.T, f Fixture) {
	user := f.Users.Add("jo@example.com", "Jo")
	sent, err := f.Service.Send(AsService(t.Context()), email.SendInput{
		To: "jo@example.com", Template: email.TemplatePasswordReset, Data: map[string]any{"name": "Jo <i>"},
	})
	require.NoError(t, err)
	require.Equal(t, email.TemplatePasswordReset, sent.Template)
	got := f.await(t, sent.ID, email.StatusSent, 1)

	issued := f.Users.Issued(user.ID)
	require.Len(t, issued, 1)
	d := f.awaitDelivered(t, 1)[0]
	require.Contains(t, d.Text, PublicURL+"/reset-password?token="+issued[0].Text)
	require.Contains(t, d.HTML, PublicURL+"/reset-password?token="+issued[0].Text)
	require.Contains(t, d.HTML, "Jo &lt;i&gt;")
	// Whoever reads the queue does not get into the account.
	for _, e := range []email.Email{sent, got} {
		require.NotContains(t, e.Text+e.HTML+e.Subject, issued[0].Text)
	}
}

func testSendBillingTemplate(t *testing.T, f Fixture) {
	jo := f.Users.Add("jo@example.com", "Jo")
	other := f.Users.Add("other@example.com", "Other")
	invoice := f.invoice(jo)
	in := func(to string, template email.Template, invoice id.Invoice) email.SendInput {
		return email.SendInput{To: to, Template: template, Data: map[string]any{"name": "Jo", "invoice_id": invoice.String()}}
	}
	sent, err := f.Service.Send(AsService(t.Context()), in(jo.Email, email.TemplateReceipt, invoice.ID))
	require.NoError(t, err)
	require.Contains(t, sent.Text, "Blue mug")
	require.Contains(t, sent.Text, "25.00 EUR")
	f.await(t, sent.ID, email.StatusSent, 1)

	_, err = f.Service.Send(AsService(t.Context()), in(other.Email, email.TemplateReceipt, invoice.ID))
	requireFields(t, err, "body.data.invoice_id")
	// An administrator may send it to the accountant.
	_, err = f.Service.Send(AsAdministrator(t.Context()), in("books@example.com", email.TemplateReceipt, invoice.ID))
	require.NoError(t, err)

	open := f.invoice(jo)
	open.Status, open.PaidAt = payments.StatusOpen, time.Time{}
	f.Payments.Put(open)
	_, err = f.Service.Send(AsAdministrator(t.Context()), in(jo.Email, email.TemplateReceipt, open.ID))
	requireFields(t, err, "body.data.invoice_id")
	_, err = f.Service.Send(AsAdministrator(t.Context()), in(jo.Email, email.TemplateInvoice, open.ID))
	require.NoError(t, err)
}

func testSendUsersUnavailable(t *testing.T, f Fixture) {
	f.Users.Add("jo@example.com", "Jo")
	down := fault.New(fault.Unavailable, "users_unavailable", "down")
	f.Users.Fail(down)
	_, err := f.Service.Send(AsService(t.Context()), plainMail("jo@example.com"))
	require.ErrorIs(t, err, down)
	require.Empty(t, f.all(t))
}
