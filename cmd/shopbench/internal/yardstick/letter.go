package yardstick

import "fmt"

// Letter is the e-mail about an invoice, as long as the shop's.
func Letter(subject string, number int64, total Money) (text, html string) {
	text = fmt.Sprintf("Hello,\n\nthis is about your invoice %06d over %d.%02d %s: %s.\n\nThank you for buying from us.\n\nThe shop\n",
		number, total.Amount/100, total.Amount%100, total.Currency, subject)
	const frame = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>%s</title></head>` +
		`<body style="font-family:sans-serif;color:#222;max-width:40em;margin:2em auto"><pre style="white-space:pre-wrap">%s</pre>` +
		`<p style="color:#888;font-size:small">You get this e-mail because you have bought something.</p></body></html>`
	return text, fmt.Sprintf(frame, subject, text)
}
