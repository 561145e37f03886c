package httpapi_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"shop/platform/httpapi"
)

func TestBody(t *testing.T) {
	t.Parallel()
	h := newAPI(t, options(), hooks{}).Public()
	deep := func(levels int, inner string) string {
		return `{"name":"a","any":` + strings.Repeat("[", levels) + inner + strings.Repeat("]", levels) + `}`
	}
	for name, c := range map[string]struct {
		body   string
		status int
		fields string
	}{
		"Fine":                {`{"name":"a","count":3}`, 201, ""},
		"Spaces":              {" \r\n\t{ \"name\" : \"a\" } \n", 201, ""},
		"EscapedBackslash":    {`{"name":"a\\u0000"}`, 201, ""},
		"Escapes":             {`{"name":"\"\u00e9\ud83d\ude00\n"}`, 201, ""},
		"FloatWithoutPart":    {`{"name":"a","count":3.0}`, 422, "body.count"},
		"None":                {"", 400, "body"},
		"OnlySpaces":          {"   ", 400, "body"},
		"NoJSON":              {"name=a", 400, "body"},
		"Unfinished":          {`{"name":"a`, 400, "body"},
		"TrailingData":        {`{"name":"a"}{}`, 400, "body"},
		"TrailingComma":       {`{"name":"a",}`, 400, "body"},
		"ByteOrderMark":       {"\ufeff{}", 400, "body"},
		"BadNumber":           {`{"name":"a","any":1e+e}`, 400, "body"},
		"Null":                {"null", 422, "body"},
		"Array":               {"[]", 422, "body"},
		"UnknownField":        {`{"name":"a","nome":"b"}`, 422, "body.nome"},
		"OtherCase":           {`{"NAME":"a"}`, 422, "body.name body.NAME"},
		"OtherCaseBeside":     {`{"name":"a","NAME":"` + strings.Repeat("b", 100) + `"}`, 422, "body.NAME"},
		"WrongType":           {`{"name":7}`, 422, "body.name"},
		"TooLong":             {`{"name":"` + strings.Repeat("a", 41) + `"}`, 422, "body.name"},
		"Negative":            {`{"name":"a","count":-1}`, 422, "body.count"},
		"Enormous":            {`{"name":"a","count":99999999999999999999999}`, 422, "body.count"},
		"EnormousEmbedded":    {`{"name":"a","least":99999999999999999999999}`, 422, "body.least"},
		"EnormousWithin":      {`{"name":"a","span":{"most":99999999999999999999999}}`, 422, "body.span.most"},
		"BeyondFloat":         {`{"name":"a","count":1e400}`, 422, "body.count"},
		"BeyondFloatInside":   {`{"name":"a","any":{"x":[1,-1E999]}}`, 422, "body.any.x[1]"},
		"LongNumber":          {`{"name":"a","any":` + strings.Repeat("9", 400) + `}`, 422, "body.any"},
		"Twice":               {`{"name":"a","name":"b"}`, 422, "body.name"},
		"TwiceEscaped":        {`{"name":"a","n\u0061me":"b"}`, 422, `body.n\u0061me`},
		"TwiceInMap":          {`{"name":"a","attributes":{"x":"1"},"attributes":{"y":"2","z":"3"}}`, 422, "body.attributes"},
		"TwiceInside":         {`{"name":"a","parts":[{"b":"1"},{"b":"1","b":"2"}]}`, 422, "body.parts[1].b"},
		"TwiceAmongMany":      {`{"name":"a","any":{` + manyNames(40) + `"n39":1}}`, 422, "body.any.n39"},
		"SameInTwoObjects":    {`{"name":"a","parts":[{"b":"1"},{"b":"1"}]}`, 201, ""},
		"NUL":                 {`{"name":"a\u0000"}`, 422, "body.name"},
		"NULInside":           {`{"name":"a","parts":[{"b":"1"},{"b":"\u0000"}]}`, 422, "body.parts[1].b"},
		"NULInName":           {`{"name":"a","any":{"\u0000":1}}`, 422, "body.any"},
		"RawNUL":              {"{\"name\":\"a\x00\"}", 400, "body"},
		"NotUTF8":             {"{\"name\":\"\xff\"}", 422, "body.name"},
		"NotUTF8InName":       {"{\"name\":\"a\",\"\xc3\x28\":1}", 422, "body"},
		"Surrogate":           {"{\"name\":\"\xed\xa0\x80\"}", 422, "body.name"},
		"Deepest":             {deep(63, "1"), 201, ""},
		"TooDeep":             {deep(64, "1"), 422, "body.any" + strings.Repeat("[0]", 63)},
		"VeryDeep":            {strings.Repeat("[", 1<<20), 422, "body" + strings.Repeat("[0]", 64)},
		"ManyItems":           {`{"name":"a","parts":[` + strings.Repeat("{},", 340_000) + `{}]}`, 422, "body"},
		"ManyNames":           {`{"name":"a","any":{` + manyNames(49_000) + `"x":1}}`, 201, ""},
		"LongNameOfAField":    {`{"name":"a","` + strings.Repeat("é", 1000) + `":1}`, 422, "body." + strings.Repeat("é", 97) + "…"},
		"MissingAndTooLong":   {`{"count":1001}`, 422, "body.count body.name"},
		"BadPartOfArray":      {`{"name":"a","parts":[{"b":"1"},{"b":"1234"}]}`, 422, "body.parts[1].b"},
		"TooManyAttributes":   {`{"name":"a","attributes":{"1":"","2":"","3":""}}`, 422, "body.attributes"},
		"MarkupIsOnlyText":    {`{"name":"<b>'; DROP TABLE--</b>"}`, 201, ""},
		"NullForMandatory":    {`{"name":null}`, 422, "body.name"},
		"StringForObject":     {`{"name":"a","attributes":"x"}`, 422, "body.attributes"},
		"CommaWithoutAnItem":  {`{"name":"a","any":[1,,2]}`, 400, "body"},
		"WordThatIsNone":      {`{"name":"a","any":nul}`, 400, "body"},
		"NameThatIsNoString":  {`{name:"a"}`, 400, "body"},
		"NameWithoutItsValue": {`{"name"}`, 400, "body"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := call(t, h, http.MethodPost, "/things/", c.body)
			if c.status == http.StatusCreated {
				require.Equal(t, c.status, w.Code, w.Body)
				return
			}
			code := "invalid_request"
			if c.status == http.StatusBadRequest {
				code = "malformed_request"
			}
			require.Equal(t, c.fields, fields(problem(t, w, c.status, code)), w.Body)
		})
	}
}

// manyNames are the first fields of an object, all with different names.
func manyNames(n int) string {
	var text strings.Builder
	for i := range n {
		text.WriteString(`"n` + strconv.Itoa(i) + `":1,`)
	}
	return text.String()
}

// A problem has room for so many findings only, however many there are.
func TestBody_ManyFindings(t *testing.T) {
	t.Parallel()
	h := newAPI(t, options(), hooks{}).Public()
	w := call(t, h, http.MethodPost, "/things/", `{"name":"a","parts":[`+strings.Repeat("{},", 10_000)+`{}]}`)
	require.Len(t, problem(t, w, http.StatusUnprocessableEntity, "invalid_request").Errors, 100)
}

// Whatever is wrong with a value, the answer does not repeat it.
func TestBody_ValuesAreNotRepeated(t *testing.T) {
	t.Parallel()
	h := newAPI(t, options(), hooks{}).Public()
	for _, body := range []string{
		`{"name":"a","secret":"hunter2"}`,
		`{"name":"a","secret":"hunter2` + strings.Repeat("x", 200) + `"}`,
		`{"name":"a","secret":{"x":"hunter2"}}`,
		`{"name":"a","secret":hunter2}`,
		`{"name":"a","email":"hunter2"}`,
		`{"name":"a","email":"<hunter2"}`,
		`{"name":"a","link":"http://[hunter2"}`,
		`{"name":"a","link":"://hunter2%zz"}`,
		`{"name":"a","secret":"hunter2","secret":"hunter2"}`,
		`{"name":"a","secret":"hunter2\u0000"}`,
		`{"name":"a","count":"hunter2"}`,
		`{"name":"a","unknown":"hunter2"}`,
	} {
		w := call(t, h, http.MethodPost, "/things/", body)
		require.GreaterOrEqual(t, w.Code, 400, body)
		require.Less(t, w.Code, 500, body)
		require.NotContains(t, w.Body.String(), "hunter2", body)
	}
	for _, path := range []string{"/things?limit=hunter2", "/things?least=hunter2", "/user/hunter2/name", "/things/a?hunter=2"} {
		w := call(t, h, http.MethodGet, path, "", "If-Match", "hunter2")
		problem(t, w, http.StatusUnprocessableEntity, "invalid_request")
		require.NotContains(t, w.Body.String(), "hunter2", path)
	}
}

// padded is a body of exactly so many bytes.
func padded(size int) string {
	const begin, end = `{"name":"a","any":"`, `"}`
	return begin + strings.Repeat("x", size-len(begin)-len(end)) + end
}

func TestBody_Size(t *testing.T) {
	t.Parallel()
	h := newAPI(t, options(), hooks{}).Public()
	for name, announced := range map[string]bool{"Announced": true, "Chunked": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			send := func(size int) *httptest.ResponseRecorder {
				var body io.Reader = strings.NewReader(padded(size))
				if !announced {
					body = io.MultiReader(body)
				}
				r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/things/", body)
				w := httptest.NewRecorder()
				h.ServeHTTP(w, r)
				return w
			}
			require.Equal(t, http.StatusCreated, send(httpapi.DefaultMaxBodyBytes).Code)
			p := problem(t, send(httpapi.DefaultMaxBodyBytes+1), http.StatusRequestEntityTooLarge, "body_too_large")
			require.Equal(t, "body", fields(p))
		})
	}
}

// broken is a body whose client is cut off in the middle.
type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestBody_BreaksOff(t *testing.T) {
	t.Parallel()
	h := newAPI(t, options(), hooks{}).Public()
	body := io.MultiReader(strings.NewReader(`{"name":`), broken{})
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/things/", body))
	problem(t, w, http.StatusBadRequest, "malformed_request")
	require.Equal(t, "close", w.Header().Get("Connection"))
}

func TestMediaType(t *testing.T) {
	t.Parallel()
	h := newAPI(t, options(), hooks{}).Public()
	const body = `{"name":"a"}`
	for _, fine := range []string{"application/json", "application/json; charset=utf-8", "Application/JSON;", ""} {
		require.Equal(t, http.StatusCreated, call(t, h, http.MethodPost, "/things", body, "Content-Type", fine).Code, fine)
	}
	for _, refused := range []string{"text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/xml", "json", ";", "application/json+x"} {
		if refused == ";" {
			continue // says nothing
		}
		p := problem(t, call(t, h, http.MethodPost, "/things", body, "Content-Type", refused), http.StatusUnsupportedMediaType, "unsupported_media_type")
		require.Equal(t, "header.Content-Type", fields(p))
	}
	p := problem(t, call(t, h, http.MethodPost, "/things", body, "Content-Encoding", "gzip"), http.StatusUnsupportedMediaType, "unsupported_media_type")
	require.Equal(t, "header.Content-Encoding", fields(p))
	require.Equal(t, http.StatusCreated, call(t, h, http.MethodPost, "/things", body, "Content-Encoding", "identity").Code)
}

func TestAccept(t *testing.T) {
	t.Parallel()
	h := newAPI(t, options(), hooks{}).Public()
	for _, accept := range []string{"", "*/*", "application/json", "application/xml", "json", "a;b,", ";;,;", "text/html;q=0.8,*/*;q=0", "application/problem+json", strings.Repeat("a;,", 1000)} {
		w := call(t, h, http.MethodGet, "/things/a", "", "Accept", accept)
		require.Equal(t, http.StatusOK, w.Code, accept)
		require.Equal(t, "application/json", w.Header().Get("Content-Type"), accept)
		problem(t, call(t, h, http.MethodGet, "/things?limit=0", "", "Accept", accept), http.StatusUnprocessableEntity, "invalid_request")
	}
}

func TestURL(t *testing.T) {
	t.Parallel()
	h := newAPI(t, options(), hooks{}).Public()
	for path, c := range map[string]struct {
		status int
		fields string
	}{
		"/things?limit=5":                        {200, ""},
		"/things?limit=0":                        {422, "query.limit"},
		"/things?limit=101":                      {422, "query.limit"},
		"/things?limit=x":                        {422, "query.limit"},
		"/things?limit=99999999999999999999":     {422, "query.limit"},
		"/things?count=all":                      {422, "query.count"},
		"/things?count=exact":                    {200, ""},
		"/things?colour=red":                     {422, "query.colour"},
		"/things?LIMIT=5":                        {422, "query.LIMIT"},
		"/things?limit=%zz":                      {400, "query"},
		"/things?limit=%":                        {400, "query"},
		"/things?a;b":                            {400, "query"},
		"/things?cursor=%00":                     {422, "query.cursor"},
		"/things?cursor=%ff":                     {422, "query.cursor"},
		"/things?%ff=1":                          {422, "query.?"},
		"/things?%00=1":                          {422, "query.?"},
		"/things?cursor=" + long(2049):           {422, "query.cursor"},
		"/things?" + long(1000) + "=1":           {422, "query." + long(194) + "…"},
		"/things?least=0":                        {200, ""},
		"/things?least=-1":                       {422, "query.least"},
		"/things?least=+1":                       {422, "query.least"},
		"/things?least=%2B1":                     {422, "query.least"},
		"/things?least=1000000000001":            {422, "query.least"},
		"/things/%00":                            {422, "path.id"},
		"/things/%ff":                            {422, "path.id"},
		"/things/" + long(41):                    {422, "path.id"},
		"/things/a%2Fb":                          {200, ""},
		"/things/a%2F":                           {200, ""},
		"/things/a?anything=1":                   {422, "query.anything"},
		"/raw?anything=1":                        {200, ""},
		"/user/user_/name":                       {422, "path.user"},
		"/user/prod_01h455vb4pex5vsknk084s/name": {422, "path.user"},
	} {
		w := call(t, h, http.MethodGet, path, "")
		switch c.status {
		case http.StatusOK:
			require.Equal(t, c.status, w.Code, path)
		case http.StatusBadRequest:
			require.Equal(t, c.fields, fields(problem(t, w, c.status, "malformed_request")), path)
		default:
			require.Equal(t, c.fields, fields(problem(t, w, c.status, "invalid_request")), path)
		}
	}
	p := problem(t, call(t, h, http.MethodGet, "/things?a=1&b=2", ""), http.StatusUnprocessableEntity, "invalid_request")
	require.Len(t, p.Errors, 2)
}

func long(n int) string { return strings.Repeat("x", n) }
