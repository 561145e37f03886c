package users

import (
	"net/mail"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"shop/platform/fault"
)

// Limits of what a user may enter, in characters.
const (
	// MaxEmailLength is the longest address that can be delivered to (RFC 5321),
	// in bytes.
	MaxEmailLength    = 254
	MaxNameLength     = 200
	MinPasswordLength = 8
	// MaxPasswordLength bounds what a hash is asked to chew on.
	MaxPasswordLength = 128
	// MaxQueryLength is the longest search.
	MaxQueryLength = 200
)

// Validate names every field that cannot be accepted, in one fault of kind
// Invalid.
func (in RegisterInput) Validate() error {
	return collect(checkEmail(in.Email), checkNewPassword(in.Password), checkName(in.Name))
}

// Validate names every field that cannot be accepted, in one fault of kind
// Invalid.
func (in CreateAdministratorInput) Validate() error {
	return collect(checkEmail(in.Email), checkNewPassword(in.Password), checkName(in.Name))
}

// Validate names every field that cannot be accepted, in one fault of kind
// Invalid.
func (in UpdateUserInput) Validate() error {
	var findings []finding
	if in.Email != nil {
		findings = append(findings, checkEmail(*in.Email))
	}
	if in.Name != nil {
		findings = append(findings, checkName(*in.Name))
	}
	if in.Password != nil {
		findings = append(findings, checkNewPassword(*in.Password))
	}
	findings = append(findings, checkLength("body.current_password", in.CurrentPassword, 0, MaxPasswordLength))
	if in.Role != nil {
		findings = append(findings, checkRole(*in.Role))
	}
	return collect(findings...)
}

// Validate names every field that cannot be accepted, in one fault of kind
// Invalid.
func (in ListUsersInput) Validate() error {
	findings := []finding{checkText("query.q", in.Query, 0, MaxQueryLength)}
	if !slices.Contains([]Role{"", RoleCustomer, RoleAdministrator, RoleGuest}, in.Role) {
		findings = append(findings, finding{"query.role", "must be customer, administrator or guest"})
	}
	return collect(findings...)
}

// Validate refuses what no account could have. It is lenient: whether there is
// such an account is for the sign-in to say, in its own time.
func (in SignInInput) Validate() error {
	email := checkLength("body.email", in.Email, 1, MaxEmailLength)
	return collect(email, checkLength("body.password", in.Password, 1, MaxPasswordLength))
}

// Validate refuses what is no address.
func (in RequestPasswordResetInput) Validate() error { return collect(checkEmail(in.Email)) }

// Validate refuses a password that cannot be accepted.
func (in ResetPasswordInput) Validate() error { return collect(checkNewPassword(in.Password)) }

// Validate refuses a purpose that there is not.
func (in IssueTokenInput) Validate() error {
	if in.Purpose != PurposeVerification && in.Purpose != PurposePasswordReset {
		return fault.InvalidField("body.purpose", "must be verification or password_reset")
	}
	return nil
}

// EmailKey is what makes two addresses the same: the address without regard to
// case.
func EmailKey(email string) string { return strings.ToLower(email) }

// finding is what is wrong with one field; the zero value is nothing.
type finding struct{ location, message string }

func collect(findings ...finding) error {
	var all *fault.Error
	for _, f := range findings {
		switch {
		case f == finding{}:
		case all == nil:
			all = fault.InvalidField(f.location, f.message)
		default:
			all = all.WithField(f.location, f.message)
		}
	}
	if all == nil {
		return nil
	}
	return all
}

// checkEmail accepts a bare address that mail can be sent to: neither a
// display name nor a comment, which the parser would take.
func checkEmail(email string) finding {
	const location = "body.email"
	if email == "" || len(email) > MaxEmailLength {
		return finding{location, "must have 1 to " + strconv.Itoa(MaxEmailLength) + " bytes"}
	}
	parsed, err := mail.ParseAddress(email)
	if err != nil || parsed.Address != email || strings.ContainsFunc(email, isUnprintable) {
		return finding{location, "must be an e-mail address such as ada@example.com"}
	}
	return finding{}
}

func checkName(name string) finding {
	if f := checkText("body.name", name, 1, MaxNameLength); f != (finding{}) {
		return f
	}
	if strings.TrimSpace(name) == "" {
		return finding{"body.name", "must not be blank"}
	}
	return finding{}
}

func checkNewPassword(password string) finding {
	return checkText("body.password", password, MinPasswordLength, MaxPasswordLength)
}

func checkRole(role Role) finding {
	if role != RoleCustomer && role != RoleAdministrator {
		return finding{"body.role", "must be customer or administrator"}
	}
	return finding{}
}

// checkText accepts printable text of a length.
func checkText(location, text string, shortest, longest int) finding {
	if f := checkLength(location, text, shortest, longest); f != (finding{}) {
		return f
	}
	if !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl) {
		return finding{location, "must be UTF-8 text without control characters"}
	}
	return finding{}
}

func checkLength(location, text string, shortest, longest int) finding {
	if n := utf8.RuneCountInString(text); n < shortest || n > longest {
		return finding{location, "must have " + strconv.Itoa(shortest) + " to " + strconv.Itoa(longest) + " characters"}
	}
	return finding{}
}

func isUnprintable(r rune) bool {
	return r == utf8.RuneError || unicode.IsControl(r) || unicode.IsSpace(r)
}
