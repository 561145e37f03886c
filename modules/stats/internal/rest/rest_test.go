package rest_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"shop/modules/stats"
	"shop/modules/stats/internal/rest"
	"shop/modules/stats/statstest"
	"shop/platform/httpapi"
	"shop/platform/id"
	"shop/platform/identity"
	"shop/platform/module/moduletest"
	"shop/platform/page"
)

// ada is whose session every token but "admin" is.
var ada = func() (user id.User) {
	if err := user.UnmarshalText([]byte("user_01h455vb4pex5vsknk084sn02q")); err != nil {
		panic(err)
	}
	return user
}()

// serve makes the API over statistics; "Bearer admin" is an administrator and
// any other token a customer's.
func serve(t testing.TB, service stats.Service) *httpapi.API {
	t.Helper()
	api, err := httpapi.New(httpapi.Options{
		Name: "shop", Version: "test", Logger: slog.New(slog.DiscardHandler),
		AuthenticateSession: func(_ context.Context, token string) (identity.Actor, error) {
			return identity.Actor{User: ada, Administrator: token == "admin"}, nil
		},
	})
	require.NoError(t, err)
	rest.Register(api, service)
	return api
}

func newAPI(t testing.TB) *httpapi.API { return serve(t, statstest.NewFake(t, statstest.Now)) }

func request(t testing.TB, method, path, body string, header ...string) *http.Request {
	t.Helper()
	var reader io.Reader
	if body != "" {
		reader = strings.NewReader(body)
	}
	r := httptest.NewRequestWithContext(t.Context(), method, path, reader)
	r.Header.Set("X-Request-Id", "test-request")
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return r
}

func call(t testing.TB, h http.Handler, method, path, body string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, request(t, method, path, body, header...))
	return w
}

func post(t testing.TB, api *httpapi.API, body string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	return call(t, api.Public(), http.MethodPost, "/log", body, append([]string{"Authorization", "Bearer customer"}, header...)...)
}

func get(t testing.TB, api *httpapi.API, path string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	return call(t, api.Internal(), http.MethodGet, path, "", append([]string{"Authorization", "Bearer admin"}, header...)...)
}

var entryID = regexp.MustCompile(`log_[0-9a-z]{26}`)

// golden compares a body with a file, identifiers numbered in the order in
// which they occur.
func golden(t *testing.T, name, body string) {
	t.Helper()
	known := map[string]string{}
	body = entryID.ReplaceAllStringFunc(body, func(text string) string {
		if known[text] == "" {
			known[text] = "log_" + strconv.Itoa(len(known)+1)
		}
		return known[text]
	})
	file := filepath.Join("testdata", name)
	if moduletest.Update() {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(file, []byte(body), 0o600))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, string(want), body)
}

const two = `[
	{"action":"product.viewed","data":{"price":10.50,"tags":["<b>"]},"at":"2026-11-24T12:00:00.5+01:00"},
	{"user_id":"user_01h455vb4pex5vsknk084sn02q","action":"cart.emptied","at":"2026-11-24T12:30:00Z"}
]`

func TestRecord(t *testing.T) {
	t.Parallel()
	api := newAPI(t)
	one := post(t, api, `{"action":"product.viewed","data":{}}`)
	require.Equal(t, http.StatusCreated, one.Code, one.Body)
	require.Equal(t, "application/json", one.Header().Get("Content-Type"))
	golden(t, "recorded_one.json", one.Body.String())
	golden(t, "recorded_many.json", post(t, api, two).Body.String())
	golden(t, "recorded_array_of_one.json", post(t, api, `[{"action":"a"}]`).Body.String())

	first := post(t, api, two, "Idempotency-Key", "k")
	again := post(t, api, two, "Idempotency-Key", "k")
	require.Equal(t, http.StatusCreated, again.Code)
	require.Equal(t, first.Body.String(), again.Body.String())
	require.Empty(t, first.Header().Get("Idempotent-Replayed"))
	require.Equal(t, "true", again.Header().Get("Idempotent-Replayed"))
	require.Equal(t, http.StatusUnprocessableEntity, post(t, api, `{"action":"a"}`, "Idempotency-Key", "k").Code)

	anonymous := call(t, api.Public(), http.MethodPost, "/log", `{"action":"a"}`)
	require.Equal(t, http.StatusUnauthorized, anonymous.Code)
	foreign := post(t, api, `[{"user_id":"`+id.NewUser().String()+`","action":"a"}]`)
	require.Equal(t, http.StatusForbidden, foreign.Code)
	golden(t, "forbidden.json", foreign.Body.String())
}

func TestRecord_Problems(t *testing.T) {
	t.Parallel()
	api := newAPI(t)
	for name, test := range map[string]struct {
		body   string
		status int
		fields string
	}{
		"nothing":                    {"", http.StatusBadRequest, "body"},
		"only space":                 {"  ", http.StatusBadRequest, "body"},
		"not JSON":                   {"action=a", http.StatusBadRequest, "body"},
		"ends early":                 {`{"action":"a"`, http.StatusBadRequest, "body"},
		"goes on":                    {`{"action":"a"} {}`, http.StatusBadRequest, "body"},
		"comma at the end":           {`[{"action":"a"},]`, http.StatusBadRequest, "body"},
		"no colon":                   {`{"action" "a"}`, http.StatusBadRequest, "body"},
		"no value":                   {`{"action":}`, http.StatusBadRequest, "body"},
		"name without quotes":        {`{action:"a"}`, http.StatusBadRequest, "body"},
		"string with a line break":   {"{\"action\":\"a\n\"}", http.StatusBadRequest, "body"},
		"bad escape":                 {`{"action":"\x"}`, http.StatusBadRequest, "body"},
		"a literal that is none":     {`{"action":tru}`, http.StatusBadRequest, "body"},
		"brackets that do not match": {`[{"action":"a"}}`, http.StatusBadRequest, "body"},
		"a string":                   {`"a"`, http.StatusUnprocessableEntity, "body"},
		"null":                       {`null`, http.StatusUnprocessableEntity, "body"},
		"no actions":                 {`[]`, http.StatusUnprocessableEntity, "body"},
		"too many actions":           {"[" + strings.Repeat(`{"action":"a"},`, stats.MaxActions) + `{"action":"a"}]`, http.StatusUnprocessableEntity, "body"},
		"array of numbers":           {`[{"action":"a"},7,{"action":"a"},"x"]`, http.StatusUnprocessableEntity, "body[1] body[3]"},
		"nothing in it":              {`{}`, http.StatusUnprocessableEntity, "body.action"},
		"wrong types":                {`{"user_id":1,"action":{},"data":"x","at":7}`, http.StatusUnprocessableEntity, "body.user_id body.action body.data body.at"},
		"nulls":                      {`{"user_id":null,"action":null,"data":null,"at":null}`, http.StatusUnprocessableEntity, "body.user_id body.action body.data body.at"},
		"unknown field":              {`{"action":"a","colour":{"x":[1]}}`, http.StatusUnprocessableEntity, "body.colour"},
		"other case":                 {`{"Action":"a"}`, http.StatusUnprocessableEntity, "body.Action body.action"},
		"given twice":                {`{"action":"a","action":"b"}`, http.StatusUnprocessableEntity, "body.action"},
		"another kind of identifier": {`{"action":"a","user_id":"prod_01h455vb4pex5vsknk084sn02q"}`, http.StatusUnprocessableEntity, "body.user_id"},
		"empty identifier":           {`{"action":"a","user_id":""}`, http.StatusUnprocessableEntity, "body.user_id"},
		"a date":                     {`{"action":"a","at":"2026-11-24"}`, http.StatusUnprocessableEntity, "body.at"},
		"a time without a zone":      {`{"action":"a","at":"2026-11-24T12:00:00"}`, http.StatusUnprocessableEntity, "body.at"},
		"the zero time":              {`{"action":"a","at":"0001-01-01T00:00:00Z"}`, http.StatusUnprocessableEntity, "body.at"},
		"places in an array":         {`[{"action":"a"},{"at":"x"}]`, http.StatusUnprocessableEntity, "body[1].at body[1].action"},
		"rule in an array of one":    {`[{"action":"A","at":"2999-01-01T00:00:00Z"}]`, http.StatusUnprocessableEntity, "body[0].action body[0].at"},
		"rule of one":                {`{"action":"A"}`, http.StatusUnprocessableEntity, "body.action"},
		"bad JSON in data":           {`[{"action":"a"},{"action":"a","data":{"x":01}}]`, http.StatusUnprocessableEntity, "body[1].data"},
		"NUL in a string":            {`{"action":"a","data":{"x":"\u0000"}}`, http.StatusUnprocessableEntity, "body.data.x"},
		"invalid UTF-8":              {"{\"action\":\"a\xff\"}", http.StatusUnprocessableEntity, "body.action"},
		"SQL":                        {`{"action":"a'; DROP TABLE log_entries"}`, http.StatusUnprocessableEntity, "body.action"},
		"too large":                  {`{"action":"` + strings.Repeat("a", 10<<20) + `"}`, http.StatusRequestEntityTooLarge, "body"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			answer := post(t, api, test.body)
			require.Equal(t, test.status, answer.Code, answer.Body)
			require.Equal(t, "application/problem+json", answer.Header().Get("Content-Type"))
			require.Equal(t, test.fields, fields(answer.Body.String()))
		})
	}
	require.JSONEq(t, `{"items":[]}`, get(t, api, "/log").Body.String())
	golden(t, "invalid.json", post(t, api, `[{"at":"x","`+strings.Repeat("ä", 50)+`":1}]`).Body.String())
	golden(t, "malformed.json", post(t, api, `[{"at":]`).Body.String())
	require.Equal(t, http.StatusUnsupportedMediaType, post(t, api, `{"action":"a"}`, "Content-Type", "text/plain").Code)
}

var fieldName = regexp.MustCompile(`"field":"([^"]*)"`)

// fields are the places that a problem names.
func fields(problem string) string {
	var found []string
	for _, match := range fieldName.FindAllStringSubmatch(problem, -1) {
		found = append(found, match[1])
	}
	return strings.Join(found, " ")
}

func TestEntries(t *testing.T) {
	t.Parallel()
	api := newAPI(t)
	require.Equal(t, http.StatusCreated, post(t, api, two).Code)
	service := call(t, api.Internal(), http.MethodPost, "/log", `{"action":"cleaned","at":"2026-11-24T13:00:00Z"}`, "Authorization", "Bearer admin")
	require.Equal(t, http.StatusCreated, service.Code, service.Body)

	list := get(t, api, "/log/?from=2026-11-24T00:00:00Z&to=2026-11-25T00:00:00Z&limit=2&count=exact")
	require.Equal(t, http.StatusOK, list.Code, list.Body)
	require.Equal(t, "application/json", list.Header().Get("Content-Type"))
	next := regexp.MustCompile(`"next_cursor":"([^"]+)"`).FindStringSubmatch(list.Body.String())
	require.NotNil(t, next)
	golden(t, "entries.json", strings.Replace(list.Body.String(), next[1], "CURSOR", 1))
	link := regexp.MustCompile(`^<(/log/?\?[^>]+)>; rel="next"$`).FindStringSubmatch(list.Header().Get("Link"))
	require.NotNil(t, link)
	last := get(t, api, link[1])
	golden(t, "entries_last.json", last.Body.String())
	require.Empty(t, last.Header().Get("Link"))

	require.Contains(t, get(t, api, "/log?action=cart.emptied&user_id="+ada.String()).Body.String(), `"cart.emptied"`)
	require.JSONEq(t, `{"items":[]}`, get(t, api, "/log?action=cleaned&user_id="+id.NewUser().String()).Body.String())
	// A browser's Accept header gets JSON.
	require.Equal(t, "application/json", get(t, api, "/log", "Accept", "text/html,*/*;q=0.8").Header().Get("Content-Type"))

	require.Equal(t, http.StatusNotFound, call(t, api.Public(), http.MethodGet, "/log", "", "Authorization", "Bearer admin").Code)
	require.Equal(t, http.StatusUnauthorized, call(t, api.Internal(), http.MethodGet, "/log", "").Code)
	require.Equal(t, http.StatusForbidden, call(t, api.Internal(), http.MethodGet, "/log", "", "Authorization", "Bearer customer").Code)
}

func TestQueries_Problems(t *testing.T) {
	t.Parallel()
	api := newAPI(t)
	for path, field := range map[string]string{
		"/log?from=yesterday": "query.from",
		"/log?from=2026-11-24T00:00:00Z&to=2026-11-23T00:00:00Z": "query.from",
		"/log?to=9999999":  "query.to",
		"/log?action=A%27": "query.action",
		"/log?user_id=prod_01h455vb4pex5vsknk084sn02q": "query.user_id",
		"/log?limit=0":                    "query.limit",
		"/log?limit=101":                  "query.limit",
		"/log?limit=99999999999999999999": "query.limit",
		"/log?cursor=nonsense":            "query.cursor",
		"/log?count=all":                  "query.count",
		"/log?colour=red":                 "query.colour",
		"/log/summary?bucket=week":        "query.bucket",
		"/log/summary?by=weather":         "query.by",
		"/log/summary?bucket=minute&from=2020-01-01T00:00:00Z":         "query.bucket",
		"/log/summary?from=2026-11-24T00:00:00Z&to=2000-01-01T0:0:0Z":  "query.to",
		"/log/summary?from=2026-11-24T00:00:00Z&to=2000-01-01T00:00Z":  "query.to",
		"/log/summary?from=2026-11-24T00:00:00Z&to=2000-01-01T00%00Z0": "query.to",
	} {
		for _, accept := range []string{"application/json", "application/x-ndjson"} {
			answer := get(t, api, path, "Accept", accept)
			require.Equal(t, http.StatusUnprocessableEntity, answer.Code, "%s: %s", path, answer.Body)
			require.Equal(t, "application/problem+json", answer.Header().Get("Content-Type"), path)
			require.Equal(t, field, fields(answer.Body.String()), path)
		}
	}
}

func TestStream(t *testing.T) {
	t.Parallel()
	api := newAPI(t)
	require.Equal(t, http.StatusCreated, post(t, api, two).Code)
	const day = "from=2026-11-24T00:00:00Z&to=2026-11-25T00:00:00Z"
	answer := get(t, api, "/log?"+day, "Accept", "application/x-ndjson")
	require.Equal(t, http.StatusOK, answer.Code, answer.Body)
	require.Equal(t, "application/x-ndjson", answer.Header().Get("Content-Type"))
	golden(t, "entries.ndjson", answer.Body.String())

	many := "[" + strings.Repeat(`{"action":"many"},`, 249) + `{"action":"many"}]`
	require.Equal(t, http.StatusCreated, post(t, api, many).Code)
	answer = get(t, api, "/log?"+day+"&limit=1&action=many", "Accept", "application/x-ndjson")
	require.Equal(t, 250, strings.Count(answer.Body.String(), "\n"))
	require.Empty(t, get(t, api, "/log?to=2020-01-01T00:00:00Z", "Accept", "application/x-ndjson").Body.String())
}

// failing answers one page and fails on the second.
type failing struct{ stats.Service }

func (f failing) Entries(_ context.Context, in stats.EntriesInput) (page.Page[stats.Entry], error) {
	if in.Page.Cursor != "" {
		return page.Page[stats.Entry]{}, errors.New("the database is gone")
	}
	return page.Page[stats.Entry]{Items: []stats.Entry{{ID: id.NewLogEntry(), Action: "a", At: time.Now()}}, Next: "more"}, nil
}

// A stream that cannot go on breaks off: its end is no proper end.
func TestStream_Broken(t *testing.T) {
	t.Parallel()
	server := httptest.NewUnstartedServer(serve(t, failing{}).Internal())
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	server.Start()
	t.Cleanup(server.Close)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/log", nil)
	require.NoError(t, err)
	r.Header.Set("Authorization", "Bearer admin")
	r.Header.Set("Accept", "application/x-ndjson")
	answer, err := server.Client().Do(r)
	if err != nil { // nothing of it had been sent
		require.ErrorIs(t, err, io.EOF)
		return
	}
	defer func() { require.NoError(t, answer.Body.Close()) }()
	_, err = io.ReadAll(answer.Body)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
}

func TestSummary(t *testing.T) {
	t.Parallel()
	api := newAPI(t)
	require.Equal(t, http.StatusCreated, post(t, api, two).Code)
	golden(t, "summary.json", get(t, api, "/log/summary").Body.String())
	golden(t, "summary_by_action.json", get(t, api, "/log/summary/?bucket=day&by=action").Body.String())
	golden(t, "summary_by_user.json", get(t, api, "/log/summary?bucket=minute&by=user&action=cart.emptied").Body.String())
	require.Equal(t, http.StatusNotFound, call(t, api.Public(), http.MethodGet, "/log/summary", "", "Authorization", "Bearer admin").Code)
}

func TestOpenAPI(t *testing.T) {
	t.Parallel()
	document, err := newAPI(t).OpenAPI().MarshalJSON()
	require.NoError(t, err)
	text := string(document)
	for _, part := range []string{
		`"requestBody":{"content":{"application/json":{"schema":{"oneOf":[{"$ref":"#/components/schemas/StatsAction"},`,
		`{"$ref":"#/components/schemas/StatsRecordedOne"},{"$ref":"#/components/schemas/StatsRecordedMany"}`,
		`"application/x-ndjson":{"schema":{"$ref":"#/components/schemas/StatsEntry"}}`,
	} {
		require.Contains(t, text, part)
	}
	require.NotContains(t, text, "octet-stream")
	require.NotContains(t, text, `"name":"Accept"`)
}
