package httpapi

import (
	"net/http"
	"net/netip"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"shop/platform/fault"
	"shop/platform/ratelimit"
)

// LimitName names a rate limit. Limits count per client address, on the public
// listener only.
type LimitName string

// The rate limits.
const (
	// LimitRequests counts every request.
	LimitRequests LimitName = "requests"
	// LimitRegistration counts registrations.
	LimitRegistration LimitName = "registration"
	// LimitGuests counts sessions of new guests.
	LimitGuests LimitName = "guests"
	// LimitSignInFailures counts failed sign-ins only, so that an office behind
	// one address is not locked out by signing in.
	LimitSignInFailures LimitName = "sign_in_failures"
	// LimitPasswordReset counts requests for a new password.
	LimitPasswordReset LimitName = "password_reset"
)

var errLimited = fault.New(fault.Limited, "rate_limited", "too many requests from this address; Retry-After says when to go on")

// take counts the request and refuses it when its address has used up its
// share. A sign-in counts while it is under way, or else a flood of them would
// all pass before the first had failed; state remembers to give it back.
func (a *API) take(c *gin.Context, name LimitName, state *exchange) error {
	limiter := a.limits[name]
	if limiter == nil {
		return nil
	}
	key := limitKey(c.ClientIP())
	share := limiter.Take(key)
	announce(c.Writer.Header(), name, share)
	if !share.Allowed {
		return errLimited.WithRetryAfter(max(share.RetryAfter, time.Second))
	}
	if name == LimitSignInFailures {
		state.attempts, state.key = limiter, key
	}
	return nil
}

// giveBack takes back what was counted before the outcome was known.
func (a *API) giveBack(state *exchange) {
	if state.attempts != nil {
		state.attempts.GiveBack(state.key)
		state.attempts = nil
	}
}

// limitKey is what counts as one address: of IPv6 the network of 64 bits that a
// provider gives to one customer, who may change the rest at will.
func limitKey(address string) string {
	ip, err := netip.ParseAddr(address)
	if err != nil || ip.Unmap().Is4() {
		return address
	}
	network, err := ip.WithZone("").Prefix(64)
	if err != nil {
		return address
	}
	return network.String()
}

// announce sets the headers of draft-ietf-httpapi-ratelimit-headers: a policy
// and its state for each limit that counted.
func announce(h http.Header, name LimitName, s ratelimit.State) {
	quoted := strconv.Quote(string(name))
	h.Add("RateLimit-Policy", quoted+";q="+strconv.Itoa(s.Limit.Requests)+";w="+seconds(s.Limit.Window))
	h.Add("RateLimit", quoted+";r="+strconv.Itoa(s.Remaining)+";t="+seconds(s.Reset))
}

// seconds are whole ones, rounded up.
func seconds(d time.Duration) string {
	return strconv.FormatInt(int64((d+time.Second-1)/time.Second), 10)
}
