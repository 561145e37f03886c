// Package serviceauth lets the processes of one shop trust each other. A caller
// mints a token (an HS256 JWT, RFC 7519) for the module that it calls, which
// carries the actor on whose behalf it calls; the far side verifies it and acts
// as that actor. The user's own session token never travels.
//
// The claims: iss is the calling module, or "edge" where a public listener
// passes on a person's own request; sub is the user, if there is one; adm says
// that the user is an administrator; aud is the called module; exp is one
// minute ahead. Verify(Mint(actor)) is the same actor: somebody anonymous or a
// customer gains nothing on the way through another process.
package serviceauth

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"shop/platform/fault"
	"shop/platform/identity"
)

const (
	// lifetime is how long a token is good.
	lifetime = time.Minute
	// window is how long a minted token is used again; what is left of its
	// lifetime then covers the call itself and clocks that differ.
	window = lifetime / 2
	// leeway is how much the clocks of two machines may differ.
	leeway = 10 * time.Second
	// cacheSize bounds the tokens that are kept, about 400 bytes each.
	cacheSize = 8192
	// edge is the issuer of tokens for requests that people make themselves.
	edge = "edge"
)

// ErrToken is returned for a token that is not good: forged, expired, good for
// longer than a minted one, for another module, or signed with a key that is not
// known here.
var ErrToken = fault.New(fault.Unauthenticated, "invalid_service_token", "the service token is not valid here")

// Options configure New.
type Options struct {
	// Keys sign and verify; there must be one.
	Keys Keys
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Authority mints and verifies service tokens. It is safe for concurrent use.
type Authority struct {
	keys   Keys
	now    func() time.Time
	parser *jwt.Parser

	mu     sync.RWMutex
	minted map[cacheKey]string
	until  time.Time

	// seen are tokens that were found good. The caller sends each for half a
	// minute, and checking it costs as much as the rest of a small request.
	seenMu sync.RWMutex
	seen   map[string]verified
}

// verified is what a good token says.
type verified struct {
	actor    identity.Actor
	audience []string
	expires  time.Time
}

type cacheKey struct {
	actor    identity.Actor
	audience string
}

// claims are what a token says.
type claims struct {
	jwt.RegisteredClaims
	Administrator bool `json:"adm,omitempty"`
}

// New makes an Authority. It fails without a key.
func New(o Options) (*Authority, error) {
	if o.Keys.IsZero() {
		return nil, errors.New("service tokens need a key")
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Authority{
		keys: o.Keys,
		now:  o.Now,
		parser: jwt.NewParser(
			jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}),
			jwt.WithExpirationRequired(), jwt.WithIssuedAt(),
			jwt.WithLeeway(leeway), jwt.WithTimeFunc(o.Now),
		),
	}, nil
}

// Mint returns a token with which the actor of ctx calls the module audience.
// Tokens are used again for half of their minute.
func (a *Authority) Mint(ctx context.Context, audience string) (string, error) {
	key := cacheKey{identity.From(ctx), audience}
	now := a.now()
	a.mu.RLock()
	token, found := a.minted[key]
	fresh := now.Before(a.until)
	a.mu.RUnlock()
	if found && fresh {
		return token, nil
	}
	token, err := a.sign(key, now)
	if err != nil {
		return "", err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if !now.Before(a.until) || len(a.minted) >= cacheSize {
		a.minted, a.until = make(map[cacheKey]string), now.Add(window)
	}
	a.minted[key] = token
	return token, nil
}

func (a *Authority) sign(k cacheKey, now time.Time) (string, error) {
	issuer := k.actor.Service
	if issuer == "" {
		issuer = edge
	}
	token := jwt.NewWithClaims(jwt.SigningMethodHS256, claims{
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer:    issuer,
			Subject:   k.actor.User.String(),
			Audience:  jwt.ClaimStrings{k.audience},
			IssuedAt:  jwt.NewNumericDate(now),
			ExpiresAt: jwt.NewNumericDate(now.Add(lifetime)),
		},
		Administrator: k.actor.Administrator,
	})
	first := a.keys.list[0]
	token.Header["kid"] = first.name
	signed, err := token.SignedString(first.secret)
	if err != nil {
		return "", fmt.Errorf("sign service token: %w", err)
	}
	return signed, nil
}

// Verify returns the actor that token vouches for, if the token was minted for
// one of the named modules. Errors: ErrToken, with the reason as its cause for
// the log.
func (a *Authority) Verify(token string, audience ...string) (identity.Actor, error) {
	now := a.now()
	a.seenMu.RLock()
	v, found := a.seen[token]
	a.seenMu.RUnlock()
	if !found || now.After(v.expires.Add(leeway)) {
		var err error
		if v, err = a.read(token); err != nil {
			return identity.Actor{}, err
		}
		a.remember(token, v, now)
	}
	if !anyOf(v.audience, audience) {
		return identity.Actor{}, ErrToken.WithCause(fmt.Errorf("token is for %v, not for %v", v.audience, audience))
	}
	return v.actor, nil
}

// read checks a token and reads what it says.
func (a *Authority) read(token string) (verified, error) {
	var c claims
	if _, err := a.parser.ParseWithClaims(token, &c, a.secretOf); err != nil {
		return verified{}, ErrToken.WithCause(err)
	}
	if c.ExpiresAt.After(a.now().Add(lifetime + leeway)) {
		return verified{}, ErrToken.WithCause(errors.New("token is good for longer than any that is minted"))
	}
	v := verified{actor: identity.Actor{Administrator: c.Administrator}, audience: c.Audience, expires: c.ExpiresAt.Time}
	switch c.Issuer {
	case "":
		return verified{}, ErrToken.WithCause(errors.New("token names no issuer"))
	case edge:
	default:
		v.actor.Service = c.Issuer
	}
	if c.Subject != "" {
		if err := v.actor.User.UnmarshalText([]byte(c.Subject)); err != nil {
			return verified{}, ErrToken.WithCause(fmt.Errorf("read subject: %w", err))
		}
	}
	return v, nil
}

// remember keeps a good token, and forgets those that have expired when there
// are many.
func (a *Authority) remember(token string, v verified, now time.Time) {
	a.seenMu.Lock()
	defer a.seenMu.Unlock()
	if len(a.seen) >= cacheSize {
		maps.DeleteFunc(a.seen, func(_ string, old verified) bool { return now.After(old.expires) })
	}
	if a.seen == nil || len(a.seen) >= cacheSize {
		a.seen = map[string]verified{}
	}
	a.seen[token] = v
}

func (a *Authority) secretOf(token *jwt.Token) (any, error) {
	name, _ := token.Header["kid"].(string)
	secret, found := a.keys.find(name)
	if !found {
		return nil, fmt.Errorf("no key is named %q here", name)
	}
	return secret, nil
}

func anyOf(has, wanted []string) bool {
	return slices.ContainsFunc(has, func(h string) bool { return slices.Contains(wanted, h) })
}
