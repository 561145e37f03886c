package config

import (
	"encoding"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"shop/platform/money"
)

// maxCount is the largest number that a setting which counts something takes.
const maxCount = 1000

// parse reads text into the field. Its errors say what is allowed and never
// repeat the text, which may be a secret.
func (f *field) parse(text string) error {
	switch target := f.target.(type) {
	case *string:
		if err := f.checkText(text); err != nil {
			return err
		}
		*target = text
	case *Secret:
		*target = Secret(text)
	case *URL:
		return f.parseURL(target, text)
	case *bool:
		value, err := strconv.ParseBool(text)
		if err != nil {
			return errors.New("use true or false")
		}
		*target = value
	case *int:
		value, err := strconv.Atoi(text)
		if err != nil || value < 1 || value > maxCount {
			return errors.New("use a whole number from 1 to " + strconv.Itoa(maxCount))
		}
		*target = value
	case *time.Duration:
		value, err := time.ParseDuration(text)
		if err != nil || value <= 0 {
			return errors.New("use a duration above zero such as 30s, 10m or 720h")
		}
		*target = value
	case *money.Currency:
		value, err := money.ParseCurrency(text)
		if err != nil {
			return errors.New("use an ISO 4217 code such as EUR")
		}
		*target = value
	case *[]string:
		return f.parseList(target, text)
	case *[]netip.Prefix:
		return parsePrefixes(target, text)
	case encoding.TextUnmarshaler:
		return target.UnmarshalText([]byte(text)) //nolint:wrapcheck // the value says what is allowed; the name is added above
	default:
		return fmt.Errorf("settings of type %T cannot be read", f.target)
	}
	return nil
}

func (f *field) checkText(text string) error {
	if len(f.allow) > 0 && !slices.Contains(f.allow, text) {
		return errors.New("use " + orList(f.allow))
	}
	switch f.check {
	case "address":
		return checkAddress(text)
	case "internal address":
		if strings.HasPrefix(text, "unix:") {
			return checkTarget(text)
		}
		return checkAddress(text)
	case "email":
		if _, err := mail.ParseAddress(text); err != nil {
			return errors.New("use an e-mail address such as shop@example.com")
		}
	case "origin":
		return checkOrigin(text)
	case "target":
		return checkTarget(text)
	}
	return nil
}

func checkAddress(text string) error {
	_, port, err := net.SplitHostPort(text)
	if err != nil {
		return errors.New("use host:port, or :port for all interfaces")
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return errors.New("use host:port with a port from 0 (any free one) to 65535")
	}
	return nil
}

func checkOrigin(text string) error {
	u, err := url.Parse(text)
	if text == "*" || err == nil && u.Host != "" && (u.Scheme == "http" || u.Scheme == "https") &&
		u.Path == "" && u.RawQuery == "" && u.Fragment == "" && u.User == nil {
		return nil
	}
	return errors.New("use origins such as https://shop.example.com, without a path, separated by commas, or *")
}

// checkTarget accepts the address of an internal listener.
func checkTarget(text string) error {
	u, err := url.Parse(text)
	plain := err == nil && u.User == nil && u.RawQuery == "" && u.Fragment == ""
	switch {
	case plain && (u.Scheme == "http" || u.Scheme == "https") && u.Hostname() != "" && (u.Path == "" || u.Path == "/"):
		return nil
	case plain && u.Scheme == "unix" && u.Host == "" && strings.HasPrefix(u.Path, "/") && u.Path != "/":
		return nil
	}
	return errors.New("use addresses of internal listeners such as http://catalog:8081, https://catalog:8081 or unix:///run/shop/catalog.sock, without user and path, separated by commas")
}

func (f *field) parseURL(target *URL, text string) error {
	u, err := url.Parse(text)
	// PostgreSQL's host may be a socket's directory, which only the query can hold.
	if err != nil || u.Host == "" && u.Query().Get("host") == "" || !slices.Contains(f.allow, u.Scheme) {
		return errors.New("use a URL that starts with " + orList(withSuffix(f.allow, "://")) + " and names a host")
	}
	*target = URL(text)
	return nil
}

func (f *field) parseList(target *[]string, text string) error {
	var list []string
	for item := range strings.SplitSeq(text, ",") {
		item = strings.TrimSpace(item)
		if item == "" {
			continue
		}
		if err := f.checkText(item); err != nil {
			return err
		}
		if f.check == "target" {
			item = strings.TrimSuffix(item, "/")
		}
		list = append(list, item)
	}
	*target = list
	return nil
}

func parsePrefixes(target *[]netip.Prefix, text string) error {
	var list []netip.Prefix
	for item := range strings.SplitSeq(text, ",") {
		item = strings.TrimSpace(item)
		if item == "" {
			continue
		}
		if addr, err := netip.ParseAddr(item); err == nil {
			list = append(list, netip.PrefixFrom(addr, addr.BitLen()))
			continue
		}
		prefix, err := netip.ParsePrefix(item)
		if err != nil {
			return errors.New("use addresses or networks such as 10.0.0.0/8, separated by commas")
		}
		list = append(list, prefix.Masked())
	}
	*target = list
	return nil
}

// orList joins words as people do: "a, b or c".
func orList(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}

func withSuffix(words []string, suffix string) []string {
	out := make([]string, len(words))
	for i, word := range words {
		out[i] = word + suffix
	}
	return out
}
