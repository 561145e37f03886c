package httpapi

import (
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"shop/platform/fault"
	"shop/platform/ratelimit"
)

// LimitName names a rate limit. Limits count per client address.
type LimitName string

// The rate limits.
const (
	// LimitRequests counts every request.
	LimitRequests LimitName = "requests"
	// LimitRegistration counts registrations.
	LimitRegistration LimitName = "registration"
	// LimitSignInFailures counts failed sign-ins only, so that an office behind
	// one address is not locked out by signing in.
	LimitSignInFailures LimitName = "sign_in_failures"
	// LimitPasswordReset counts requests for a new password.
	LimitPasswordReset LimitName = "password_reset"
)

var errLimited = fault.New(fault.Limited, "rate_limited", "too many requests from this address; Retry-After says when to go on")

// limit counts the request and refuses it when its address has used up its
// share. Service calls are not counted: the limit is the public listener's.
func (a *API) limit(c *gin.Context, r *route, internal bool) error {
	if internal {
		return nil
	}
	if err := a.take(c, LimitRequests, (*ratelimit.Limiter).Take); err != nil {
		return err
	}
	switch r.operation.Limit {
	case "":
		return nil
	case LimitSignInFailures:
		return a.take(c, LimitSignInFailures, (*ratelimit.Limiter).Peek)
	default:
		return a.take(c, r.operation.Limit, (*ratelimit.Limiter).Take)
	}
}

func (a *API) take(c *gin.Context, name LimitName, how func(*ratelimit.Limiter, string) ratelimit.State) error {
	limiter := a.limits[name]
	if limiter == nil {
		return nil
	}
	state := how(limiter, c.ClientIP())
	announce(c.Writer.Header(), name, state)
	if !state.Allowed {
		return errLimited.WithRetryAfter(max(state.RetryAfter, time.Second))
	}
	return nil
}

// countFailure counts a sign-in that failed.
func (a *API) countFailure(c *gin.Context, r *route) {
	if r.operation.Limit == LimitSignInFailures && c.Writer.Status() == http.StatusUnauthorized && !isInternal(c.Request.Context()) {
		if limiter := a.limits[LimitSignInFailures]; limiter != nil {
			limiter.Take(c.ClientIP())
		}
	}
}

// announce sets the headers of draft-ietf-httpapi-ratelimit-headers.
func announce(h http.Header, name LimitName, s ratelimit.State) {
	quoted := strconv.Quote(string(name))
	h.Set("RateLimit-Policy", quoted+";q="+strconv.Itoa(s.Limit.Requests)+";w="+strconv.Itoa(int(s.Limit.Window/time.Second)))
	h.Set("RateLimit", quoted+";r="+strconv.Itoa(s.Remaining)+";t="+strconv.Itoa(int((s.RetryAfter+time.Second-1)/time.Second)))
}
