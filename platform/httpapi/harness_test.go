package httpapi_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"shop/platform/database"
	"shop/platform/fault"
	"shop/platform/httpapi"
	"shop/platform/id"
	"shop/platform/identity"
	"shop/platform/page"
)

// thing is what the operations under test read and write.
type thing struct {
	Name       string            `json:"name" minLength:"1" maxLength:"40"`
	Count      int64             `json:"count,omitempty" minimum:"0" maximum:"1000"`
	Secret     string            `json:"secret,omitempty" minLength:"10" maxLength:"100"`
	Email      string            `json:"email,omitempty" format:"email"`
	Link       string            `json:"link,omitempty" format:"uri"`
	Attributes map[string]string `json:"attributes,omitempty" maxProperties:"2"`
	Parts      []part            `json:"parts,omitempty" maxItems:"10"`
	Any        any               `json:"any,omitempty"`
	Limits
}

// Limits are embedded, as terms that two bodies share are.
type Limits struct {
	Least int64  `json:"least,omitempty"`
	Span  *spans `json:"span,omitempty"`
}

type spans struct {
	Most int64 `json:"most,omitempty"`
}

type part struct {
	A string `json:"a,omitempty" maxLength:"3"`
	B string `json:"b" maxLength:"3"`
}

type thingOutput struct {
	ETag string `header:"ETag"`
	Body thing
}

type thingInput struct {
	httpapi.IdempotencyKey
	Body thing
}

type changeInput struct {
	httpapi.Precondition
	ID   string `path:"id" maxLength:"40"`
	Body thing
}

type readInput struct {
	httpapi.Conditional
	ID string `path:"id" maxLength:"40"`
}

type listInput struct {
	httpapi.PageQuery
	Least httpapi.OptionalInt64 `query:"least"`
}

type userInput struct {
	User httpapi.UserRef `path:"user"`
}

type textOutput struct {
	Body struct {
		Text string `json:"text"`
	}
}

func text(format string, args ...any) *textOutput {
	out := &textOutput{}
	out.Body.Text = fmt.Sprintf(format, args...)
	return out
}

// customer and service are who the tokens of the tests stand for.
var (
	customer = id.NewUser()
	errTaken = fault.New(fault.Conflict, "taken", "it is taken")
)

// options authenticate the tokens "admin" and "customer" as sessions, and
// "service.for.<user|nobody>" as service tokens for the module "shop".
func options() httpapi.Options {
	return httpapi.Options{
		Name: "test", Version: "1", Logger: slog.New(slog.DiscardHandler),
		AuthenticateSession: func(_ context.Context, token string) (identity.Actor, error) {
			switch token {
			case "admin":
				return identity.Actor{User: customer, Administrator: true}, nil
			case "customer":
				return identity.Actor{User: customer}, nil
			case "no-database":
				return identity.Actor{}, fmt.Errorf("read session: %w", database.ErrUnavailable)
			default:
				return identity.Actor{}, fault.New(fault.Unauthenticated, "unknown_session", "no such session")
			}
		},
		AuthenticateService: func(token, module string) (identity.Actor, error) {
			switch {
			case module != "shop":
				return identity.Actor{}, errors.New("for another module")
			case token == "service.for.customer":
				return identity.Actor{User: customer}, nil
			case token == "service.for.nobody":
				return identity.Actor{}, nil
			case token == "service.for.itself":
				return identity.Actor{Service: "cart"}, nil
			default:
				return identity.Actor{}, errors.New("forged")
			}
		},
	}
}

// hooks are what operations of the tests do beyond the usual.
type hooks struct {
	// run is what GET /run does.
	run func(context.Context) error
}

func newAPI(t testing.TB, o httpapi.Options, h hooks) *httpapi.API {
	t.Helper()
	api, err := httpapi.New(o)
	require.NoError(t, err)
	operation := func(method, path string, access httpapi.Access) httpapi.Operation {
		return httpapi.Operation{
			ID: strings.ToLower(method) + strings.NewReplacer("/", "-", "{", "", "}", "").Replace(path), Method: method, Path: path,
			Module: "shop", Access: access,
		}
	}
	echo := func(_ context.Context, in *thingInput) (*httpapi.Created[thing], error) {
		key, err := in.Key()
		if err != nil {
			return nil, err
		}
		if key.Text() == "again" {
			key.MarkReplayed()
		}
		return httpapi.NewCreated("/things/1", httpapi.ETag(1), key, in.Body), nil
	}
	create := operation(http.MethodPost, "/things/", httpapi.Public)
	create.Status = http.StatusCreated
	httpapi.Handle(api, create, echo)
	httpapi.Handle(api, operation(http.MethodGet, "/things/{id}", httpapi.Public), func(_ context.Context, in *readInput) (*thingOutput, error) {
		etag := httpapi.ETag(7, 3)
		if err := in.Check(etag); err != nil {
			return nil, err
		}
		return &thingOutput{ETag: etag, Body: thing{Name: strings.Repeat(in.ID, 1)}}, nil
	})
	httpapi.Handle(api, operation(http.MethodPut, "/things/{id}", httpapi.SignedIn), func(_ context.Context, in *changeInput) (*textOutput, error) {
		version, err := in.Version()
		if err != nil {
			return nil, err
		}
		return text("%d", version), nil
	})
	httpapi.Handle(api, operation(http.MethodDelete, "/things/{other}", httpapi.Administrator), func(context.Context, *struct {
		Other string `path:"other"`
	},
	) (*struct{}, error) {
		return nil, nil //nolint:nilnil // there is nothing to say
	})
	httpapi.Handle(api, operation(http.MethodGet, "/things/", httpapi.Public), func(ctx context.Context, in *listInput) (*httpapi.List[thing], error) {
		p := page.Page[string]{Items: []string{"a", "b"}}
		if in.Cursor == "" {
			p.Next = "more+"
		}
		if least := in.Least.Pointer(); least != nil {
			p.Total = least
		}
		return httpapi.NewList(ctx, p, func(name string) thing { return thing{Name: name} }), nil
	})
	httpapi.Handle(api, operation(http.MethodGet, "/large/", httpapi.Public), func(context.Context, *struct{}) (*thingOutput, error) {
		return &thingOutput{ETag: httpapi.ETag(9), Body: thing{Name: strings.Repeat("large ", 400)}}, nil
	})
	httpapi.Handle(api, operation(http.MethodGet, "/user/{user}/name", httpapi.Public), func(ctx context.Context, in *userInput) (*textOutput, error) {
		user, err := in.User.In(ctx)
		return text("%s", user), err
	})
	httpapi.Handle(api, operation(http.MethodGet, "/run", httpapi.Public), func(ctx context.Context, _ *struct{}) (*textOutput, error) {
		if h.run == nil {
			return text("%s", identity.From(ctx)), nil
		}
		return text("done"), h.run(ctx)
	})
	httpapi.Handle(api, operation(http.MethodGet, "/unspeakable", httpapi.Public), func(context.Context, *struct{}) (*struct{ Body any }, error) {
		return &struct{ Body any }{Body: func() {}}, nil
	})
	// GET is internal here, POST is not.
	httpapi.Handle(api, operation(http.MethodGet, "/log", httpapi.Internal), func(ctx context.Context, _ *struct{}) (*textOutput, error) {
		return text("%s", identity.From(ctx)), nil
	})
	httpapi.Handle(api, operation(http.MethodPost, "/log", httpapi.SignedIn), echo)
	httpapi.Handle(api, operation(http.MethodPost, "/internal/shop/secret", httpapi.Internal), echo)
	signIn := operation(http.MethodPost, "/session", httpapi.Public)
	signIn.Limit = httpapi.LimitSignInFailures
	httpapi.Handle(api, signIn, func(ctx context.Context, in *thingInput) (*textOutput, error) {
		if h.run != nil {
			if err := h.run(ctx); err != nil {
				return nil, err
			}
		}
		if in.Body.Name != "right" {
			return nil, fault.New(fault.Unauthenticated, "invalid_credentials", "wrong e-mail address or password")
		}
		return text("in"), nil
	})
	register := operation(http.MethodPost, "/user/", httpapi.Public)
	register.Limit = httpapi.LimitRegistration
	httpapi.Handle(api, register, echo)
	api.Raw("/raw", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "max-age=60")
		_, _ = io.WriteString(w, r.URL.Query().Get("anything"))
		if h.run != nil {
			_ = h.run(r.Context())
		}
	}))
	return api
}

// call sends a request; header are names and values in turn.
func call(t testing.TB, h http.Handler, method, path, body string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	var reader io.Reader
	if body != "" {
		reader = strings.NewReader(body)
	}
	r := httptest.NewRequestWithContext(t.Context(), method, path, reader)
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// problem checks that an answer is a whole problem and returns it.
func problem(t testing.TB, w *httptest.ResponseRecorder, status int, code string) httpapi.Problem {
	t.Helper()
	require.Equal(t, status, w.Code, w.Body)
	require.Equal(t, "application/problem+json", w.Header().Get("Content-Type"))
	var p httpapi.Problem
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &p))
	require.Equal(t, status, p.Status)
	require.Equal(t, code, p.Code)
	require.NotEmpty(t, p.Title)
	require.NotEmpty(t, p.Detail)
	require.NotEmpty(t, p.RequestID)
	if _, service := w.Header()["Date"]; service {
		require.Empty(t, w.Header().Get("X-Request-Id"), "a service has it already")
	} else {
		require.Equal(t, w.Header().Get("X-Request-Id"), p.RequestID)
	}
	return p
}

// fields are the places that a problem rejects.
func fields(p httpapi.Problem) string {
	var places []string
	for _, e := range p.Errors {
		places = append(places, e.Field)
	}
	return strings.Join(places, " ")
}

// logged makes options whose log can be read.
func logged() (httpapi.Options, *bytes.Buffer) {
	var lines bytes.Buffer
	o := options()
	o.Logger = slog.New(slog.NewJSONHandler(&lines, nil))
	return o, &lines
}
