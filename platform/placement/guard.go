package placement

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Guards are the limits under which a change stays in force. When one is
// exceeded, the shares go back to what they were. The zero value has none.
type Guards struct{ list []guard }

// guard is the limit of one figure.
type guard struct {
	figure figure
	limit  float64 // in the figure's unit
}

// figure is what a guard looks at, always of the remote side.
type figure string

// The figures. Errors and latencies are those of about the last ten seconds;
// mismatches and fallbacks are all since the change.
const (
	figureErrors    figure = "errors"    // failed calls, in percent
	figureP50       figure = "p50"       // median latency, in nanoseconds
	figureP99       figure = "p99"       // 99th percentile of the latency, in nanoseconds
	figureMismatch  figure = "mismatch"  // reads that the two sides answered differently
	figureFallbacks figure = "fallbacks" // reads answered here because the remote side could not
)

// errGuards says how guards are written.
var errGuards = errors.New("use limits such as errors>1%, p50>50ms, p99>250ms, mismatch>0 and fallbacks>10, separated by commas")

// ParseGuards reads "errors>1%,p99>250ms,mismatch>0"; nothing at all is no guard.
func ParseGuards(text string) (Guards, error) {
	var g Guards
	for item := range strings.SplitSeq(text, ",") {
		if item = strings.TrimSpace(item); item == "" {
			continue
		}
		one, err := parseGuard(item)
		if err != nil {
			return Guards{}, err
		}
		if slices.ContainsFunc(g.list, func(other guard) bool { return other.figure == one.figure }) {
			return Guards{}, fmt.Errorf("%s is limited twice", one.figure)
		}
		g.list = append(g.list, one)
	}
	return g, nil
}

func parseGuard(text string) (guard, error) {
	name, limit, found := strings.Cut(text, ">")
	if !found {
		return guard{}, errGuards
	}
	g, limit := guard{figure: figure(strings.TrimSpace(name))}, strings.TrimSpace(limit)
	switch g.figure {
	case figureErrors:
		share, isPercent := strings.CutSuffix(limit, "%")
		value, err := strconv.ParseFloat(strings.TrimSpace(share), 64)
		if !isPercent || err != nil || !(value >= 0 && value < 100) {
			return guard{}, errors.New("errors takes a share below 100 such as errors>1% or errors>0.5%")
		}
		g.limit = value
	case figureP50, figureP99:
		value, err := time.ParseDuration(limit)
		if err != nil || value <= 0 {
			return guard{}, fmt.Errorf("%s takes a duration such as %s>250ms", g.figure, g.figure)
		}
		g.limit = float64(value)
	case figureMismatch, figureFallbacks:
		value, err := strconv.ParseUint(limit, 10, 31)
		if err != nil {
			return guard{}, fmt.Errorf("%s takes a number such as %s>0", g.figure, g.figure)
		}
		g.limit = float64(value)
	default:
		return guard{}, errGuards
	}
	return g, nil
}

// IsZero reports whether there is no guard.
func (g Guards) IsZero() bool { return len(g.list) == 0 }

// String writes the guards as ParseGuards reads them.
func (g Guards) String() string {
	texts := make([]string, len(g.list))
	for i, one := range g.list {
		texts[i] = string(one.figure) + ">" + one.format(one.limit)
	}
	return strings.Join(texts, ",")
}

// MarshalText implements encoding.TextMarshaler.
func (g Guards) MarshalText() ([]byte, error) { return []byte(g.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (g *Guards) UnmarshalText(text []byte) error {
	parsed, err := ParseGuards(string(text))
	if err != nil {
		return err
	}
	*g = parsed
	return nil
}

// format writes a value in the figure's unit.
func (g guard) format(value float64) string {
	switch g.figure {
	case figureErrors:
		return strconv.FormatFloat(value, 'f', -1, 64) + "%"
	case figureP50, figureP99:
		return time.Duration(value).String()
	default:
		return strconv.FormatFloat(value, 'f', 0, 64)
	}
}

// exceeded says which guard does not hold for the figures, and by how much;
// empty when all hold.
func (g Guards) exceeded(f figures) string {
	for _, one := range g.list {
		value, known := f.of(one.figure)
		if !known || value <= one.limit {
			continue
		}
		if one.figure == figureErrors {
			value = float64(int64(value*10)) / 10
		}
		reason := fmt.Sprintf("%s %s > %s", one.figure, one.format(value), one.format(one.limit))
		switch one.figure {
		case figureErrors:
			reason += fmt.Sprintf(" (%d of %d calls in %s)", f.errors, f.calls, f.span)
		case figureP50, figureP99:
			reason += fmt.Sprintf(" (%d calls in %s)", f.calls, f.span)
		case figureMismatch, figureFallbacks:
			reason += " since the change"
		}
		return reason
	}
	return ""
}
