package serviceauth_test

import (
	"context"
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/require"

	"shop/platform/id"
	"shop/platform/identity"
	"shop/platform/serviceauth"
)

// clock is a time that the test moves.
type clock struct{ now time.Time }

func newClock() *clock { return &clock{time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time { return c.now }

// encodedKey is 32 bytes of one letter in base64.
func encodedKey(letter string) string {
	return base64.StdEncoding.EncodeToString([]byte(strings.Repeat(letter, 32)))
}

func authority(tb testing.TB, keys string, c *clock) *serviceauth.Authority {
	tb.Helper()
	parsed, err := serviceauth.ParseKeys(keys)
	require.NoError(tb, err)
	a, err := serviceauth.New(serviceauth.Options{Keys: parsed, Now: c.Now})
	require.NoError(tb, err)
	return a
}

func as(tb testing.TB, actor identity.Actor) context.Context {
	tb.Helper()
	return identity.With(tb.Context(), actor)
}

func TestActorArrivesUnchanged(t *testing.T) {
	t.Parallel()
	a := authority(t, "k1:"+encodedKey("a"), newClock())
	user := id.NewUser()
	for name, actor := range map[string]identity.Actor{
		"anonymous":                {},
		"customer":                 {User: user},
		"administrator":            {User: user, Administrator: true},
		"service":                  {Service: "cart"},
		"service on user's behalf": {Service: "cart", User: user},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			token, err := a.Mint(as(t, actor), "catalog")
			require.NoError(t, err)
			got, err := a.Verify(token, "catalog")
			require.NoError(t, err)
			require.Equal(t, actor, got)
		})
	}
}

func TestVerifyRefuses(t *testing.T) {
	t.Parallel()
	c := newClock()
	a := authority(t, "k1:"+encodedKey("a"), c)
	good, err := a.Mint(as(t, identity.Actor{Service: "cart"}), "catalog")
	require.NoError(t, err)
	parts := strings.Split(good, ".")
	claims := func(change func(jwt.MapClaims)) jwt.MapClaims {
		m := jwt.MapClaims{"iss": "cart", "aud": "catalog", "iat": c.now.Unix(), "exp": c.now.Add(time.Minute).Unix()}
		change(m)
		return m
	}
	sign := func(method jwt.SigningMethod, key any, kid string, m jwt.MapClaims) string {
		token := jwt.NewWithClaims(method, m)
		token.Header["kid"] = kid
		signed, signErr := token.SignedString(key)
		require.NoError(t, signErr)
		return signed
	}
	ours := []byte(strings.Repeat("a", 32))
	unchanged := claims(func(jwt.MapClaims) {})
	payload := func(m jwt.MapClaims) string {
		return strings.Split(sign(jwt.SigningMethodHS256, ours, "k1", m), ".")[1]
	}

	require.NotEmpty(t, parts)
	_, err = a.Verify(sign(jwt.SigningMethodHS256, ours, "k1", unchanged), "catalog")
	require.NoError(t, err, "the tokens below are refused for what they change alone")

	ahead := sign(jwt.SigningMethodHS256, ours, "k1", claims(func(m jwt.MapClaims) { m["exp"] = c.now.Add(70 * time.Second).Unix() }))
	_, err = a.Verify(ahead, "catalog")
	require.NoError(t, err, "the clock of who minted it may be ahead")

	for name, token := range map[string]string{
		"Empty":             "",
		"Garbage":           "not.a.token",
		"WrongAudience":     sign(jwt.SigningMethodHS256, ours, "k1", claims(func(m jwt.MapClaims) { m["aud"] = "payments" })),
		"NoAudience":        sign(jwt.SigningMethodHS256, ours, "k1", claims(func(m jwt.MapClaims) { delete(m, "aud") })),
		"NoIssuer":          sign(jwt.SigningMethodHS256, ours, "k1", claims(func(m jwt.MapClaims) { delete(m, "iss") })),
		"NoExpiry":          sign(jwt.SigningMethodHS256, ours, "k1", claims(func(m jwt.MapClaims) { delete(m, "exp") })),
		"Expired":           sign(jwt.SigningMethodHS256, ours, "k1", claims(func(m jwt.MapClaims) { m["exp"] = c.now.Add(-11 * time.Second).Unix() })),
		"GoodForTooLong":    sign(jwt.SigningMethodHS256, ours, "k1", claims(func(m jwt.MapClaims) { m["exp"] = c.now.Add(71 * time.Second).Unix() })),
		"GoodForYears":      sign(jwt.SigningMethodHS256, ours, "k1", claims(func(m jwt.MapClaims) { m["exp"] = c.now.AddDate(5, 0, 0).Unix() })),
		"FromTheFuture":     sign(jwt.SigningMethodHS256, ours, "k1", claims(func(m jwt.MapClaims) { m["iat"] = c.now.Add(time.Minute).Unix() })),
		"SubjectIsNoUser":   sign(jwt.SigningMethodHS256, ours, "k1", claims(func(m jwt.MapClaims) { m["sub"] = "prod_01h455vb4pex5vsknk084sn02q" })),
		"UnknownKey":        sign(jwt.SigningMethodHS256, ours, "k9", unchanged),
		"ForgedKey":         sign(jwt.SigningMethodHS256, []byte(strings.Repeat("x", 32)), "k1", unchanged),
		"OtherAlgorithm":    sign(jwt.SigningMethodHS512, ours, "k1", unchanged),
		"AlgorithmNone":     sign(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, "k1", unchanged),
		"TamperedClaims":    parts[0] + "." + payload(claims(func(m jwt.MapClaims) { m["iss"] = "payments" })) + "." + parts[2],
		"TamperedSignature": parts[0] + "." + parts[1] + "." + strings.Repeat("A", len(parts[2])),
		"SignatureLeftOut":  parts[0] + "." + parts[1] + ".",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			actor, err := a.Verify(token, "catalog", "cart")
			require.ErrorIs(t, err, serviceauth.ErrToken)
			require.Equal(t, identity.Actor{}, actor)
		})
	}
}

func TestMintUsesTokensAgainForHalfTheirLife(t *testing.T) {
	t.Parallel()
	c := newClock()
	a := authority(t, "k1:"+encodedKey("a"), c)
	ctx := as(t, identity.Actor{Service: "cart"})
	mint := func() string {
		token, err := a.Mint(ctx, "catalog")
		require.NoError(t, err)
		return token
	}
	first := mint()
	c.now = c.now.Add(29 * time.Second)
	require.Equal(t, first, mint())
	c.now = c.now.Add(time.Second)
	second := mint()
	require.NotEqual(t, first, second)
	_, err := a.Verify(first, "catalog")
	require.NoError(t, err, "calls under way keep their token")

	c.now = c.now.Add(41 * time.Second)
	_, err = a.Verify(first, "catalog")
	require.ErrorIs(t, err, serviceauth.ErrToken)
}

func TestRotation(t *testing.T) {
	t.Parallel()
	c := newClock()
	before := authority(t, "k1:"+encodedKey("a"), c)
	during := authority(t, "k2:"+encodedKey("b")+",k1:"+encodedKey("a"), c)
	after := authority(t, "k2:"+encodedKey("b"), c)
	mint := func(a *serviceauth.Authority) string {
		token, err := a.Mint(as(t, identity.Actor{Service: "cart"}), "catalog")
		require.NoError(t, err)
		return token
	}

	_, err := during.Verify(mint(before), "catalog")
	require.NoError(t, err)
	_, err = after.Verify(mint(during), "catalog")
	require.NoError(t, err)
	_, err = after.Verify(mint(before), "catalog")
	require.ErrorIs(t, err, serviceauth.ErrToken)
}

func TestNewWithoutKey(t *testing.T) {
	t.Parallel()
	_, err := serviceauth.New(serviceauth.Options{})
	require.Error(t, err)
}

func BenchmarkMint(b *testing.B) {
	a := authority(b, "k1:"+encodedKey("a"), newClock())
	ctx := as(b, identity.Actor{Service: "cart", User: id.NewUser()})
	b.ReportAllocs()
	for b.Loop() {
		if _, err := a.Mint(ctx, "catalog"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkVerify(b *testing.B) {
	a := authority(b, "k1:"+encodedKey("a"), newClock())
	token, err := a.Mint(as(b, identity.Actor{Service: "cart", User: id.NewUser()}), "catalog")
	require.NoError(b, err)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := a.Verify(token, "catalog"); err != nil {
			b.Fatal(err)
		}
	}
}

// A token that was good before is still looked at: for its time and for whom it
// is.
func TestTokenSeenBefore(t *testing.T) {
	t.Parallel()
	c := newClock()
	a := authority(t, "k1:"+encodedKey("a"), c)
	token, err := a.Mint(as(t, identity.Actor{Service: "cart"}), "catalog")
	require.NoError(t, err)
	for range 2 {
		got, err := a.Verify(token, "catalog")
		require.NoError(t, err)
		require.Equal(t, identity.Actor{Service: "cart"}, got)
		_, err = a.Verify(token, "users")
		require.ErrorIs(t, err, serviceauth.ErrToken)
		_, err = a.Verify(token[:len(token)-1]+"x", "catalog")
		require.ErrorIs(t, err, serviceauth.ErrToken)
	}
	c.now = c.now.Add(time.Minute + 11*time.Second)
	_, err = a.Verify(token, "catalog")
	require.ErrorIs(t, err, serviceauth.ErrToken)
}
