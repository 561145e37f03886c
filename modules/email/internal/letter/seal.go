package letter

import (
	"errors"
	"regexp"
	"strings"

	"shop/modules/users"
)

// The marks stand for what is known when a message is sent and not before. They
// mean themselves in text, in HTML and in a URL.
const (
	tokenMark  = "__token__"
	expiryMark = "__expires__"
)

// tokenText is what means itself in a URL and in HTML too (RFC 3986,
// unreserved).
var tokenText = regexp.MustCompile(`^[A-Za-z0-9._~-]+$`)

// Seal puts a token in the place of its mark.
func Seal(l Letter, token users.Token) (Letter, error) {
	if !tokenText.MatchString(token.Text) {
		return Letter{}, errors.New("seal a message: the token has characters that a link cannot carry")
	}
	r := strings.NewReplacer(
		tokenMark, token.Text,
		expiryMark, token.ExpiresAt.UTC().Format(moment),
	)
	return Letter{Subject: l.Subject, Text: r.Replace(l.Text), HTML: r.Replace(l.HTML)}, nil
}
