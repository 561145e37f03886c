package config

import (
	"errors"
	"log/slog"
	"net/url"
	"strconv"
	"strings"
	"time"

	"shop/platform/money"
)

// mask stands where a secret would be shown.
const mask = "***"

// Secret is text that is never printed or logged; string(s) reveals it.
type Secret string

// String is the mask, or empty when there is no secret.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return mask
}

// LogValue keeps the secret out of the log.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// URL is an absolute URL that may hold a password; string(u) reveals it.
type URL string

// String is the URL with a mask in place of its password and of every query
// parameter whose name says that it is one.
func (u URL) String() string {
	if u == "" {
		return ""
	}
	parsed, err := url.Parse(string(u))
	if err != nil {
		return mask
	}
	credentials := ""
	if parsed.User != nil {
		credentials = url.User(parsed.User.Username()).String()
		if _, has := parsed.User.Password(); has {
			credentials += ":" + mask
		} else if parsed.Scheme == "nats" || parsed.Scheme == "tls" {
			credentials = mask // what stands alone before NATS' host is a token
		}
		credentials += "@"
		parsed.User = nil
	}
	if parsed.RawQuery != "" {
		pairs := strings.Split(parsed.RawQuery, "&")
		for i, pair := range pairs {
			if name, _, _ := strings.Cut(pair, "="); strings.Contains(strings.ToLower(name), "password") {
				pairs[i] = name + "=" + mask
			}
		}
		parsed.RawQuery = strings.Join(pairs, "&")
	}
	return strings.Replace(parsed.String(), "://", "://"+credentials, 1)
}

// LogValue keeps the password out of the log.
func (u URL) LogValue() slog.Value { return slog.StringValue(u.String()) }

// Percent is a share from 0 to 100.
type Percent int

// UnmarshalText reads a whole number from 0 to 100.
func (p *Percent) UnmarshalText(text []byte) error {
	value, err := strconv.Atoi(string(text))
	if err != nil || value < 0 || value > 100 {
		return errors.New("use a whole number from 0 to 100")
	}
	*p = Percent(value)
	return nil
}

// MinorUnits is an amount of money in minor units of a currency: cents for EUR.
type MinorUnits int64

// UnmarshalText reads a whole number from 0 to money.MaxPrice.
func (m *MinorUnits) UnmarshalText(text []byte) error {
	value, err := strconv.ParseInt(string(text), 10, 64)
	if err != nil || value < 0 || value > money.MaxPrice {
		return errors.New("use a whole number of minor units, such as 490 for 4.90 EUR")
	}
	*m = MinorUnits(value)
	return nil
}

// Rate is how often something may happen. The zero value is no limit.
type Rate struct {
	// Limit is the number of times, 0 for no limit.
	Limit int
	// Per is the period in which they count.
	Per time.Duration
}

// errRate says how a rate is written.
var errRate = errors.New("use a number and a period such as 60/1m, or off")

// UnmarshalText reads "60/1m", or "off" for no limit.
func (r *Rate) UnmarshalText(text []byte) error {
	if s := string(text); s == "off" || s == "0" || s == "false" {
		*r = Rate{}
		return nil
	}
	count, period, found := strings.Cut(string(text), "/")
	limit, err := strconv.Atoi(strings.TrimSpace(count))
	if err != nil || !found || limit < 1 {
		return errRate
	}
	per, err := time.ParseDuration(strings.TrimSpace(period))
	if err != nil || per <= 0 {
		return errRate
	}
	*r = Rate{Limit: limit, Per: per}
	return nil
}

// String is the rate as a setting is written.
func (r Rate) String() string {
	if r.Limit == 0 {
		return "off"
	}
	return strconv.Itoa(r.Limit) + "/" + shortDuration(r.Per)
}

// shortDuration leaves out the zero units that time.Duration prints: 720h
// instead of 720h0m0s.
func shortDuration(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}
