package rest_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"shop/modules/payments/internal/rest"
	"shop/platform/id"
)

func TestDocument(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	invoice := s.create(t)
	paid := call(t, s.public, http.MethodPost, invoice+"/pay", s.user.String(), `{"payment_method":"pm_ok"}`)
	require.Equal(t, http.StatusOK, paid.Code, paid.Body)
	refund := call(t, s.public, http.MethodPost, invoice+"/refunds", "admin", `{}`)
	require.Equal(t, http.StatusCreated, refund.Code, refund.Body)
	var note rest.CreditNote
	require.NoError(t, json.Unmarshal(refund.Body.Bytes(), &note))

	for _, test := range []struct {
		path, contentType, name string
	}{
		{invoice + "/document.html", "text/html; charset=utf-8", "invoice-"},
		{invoice + "/document.pdf", "application/pdf", "invoice-"},
		{"/credit-notes/" + note.ID.String() + "/document.html", "text/html; charset=utf-8", "credit-note-" + note.Number},
		{"/credit-notes/" + note.ID.String() + "/document.pdf", "application/pdf", "credit-note-" + note.Number},
	} {
		got := call(t, s.public, http.MethodGet, test.path, s.user.String(), "")
		require.Equal(t, http.StatusOK, got.Code, got.Body)
		h := got.Header()
		require.Equal(t, test.contentType, h.Get("Content-Type"), test.path)
		require.Contains(t, h.Get("Content-Disposition"), "inline; filename="+test.name, test.path)
		require.True(t, strings.HasSuffix(h.Get("Content-Disposition"), test.path[strings.LastIndex(test.path, "."):]), test.path)
		require.Equal(t, "no-store", h.Get("Cache-Control"))
		require.Contains(t, h.Get("Content-Security-Policy"), "default-src 'none'; style-src 'unsafe-inline'", "a page's own styles show")
		require.NotEmpty(t, got.Body)

		same := call(t, s.public, http.MethodGet, test.path, s.user.String(), "", "If-None-Match", h.Get("ETag"))
		require.Equal(t, http.StatusNotModified, same.Code, test.path)
		require.Empty(t, same.Body.String())
		require.Equal(t, h.Get("ETag"), same.Header().Get("ETag"))

		other := call(t, s.public, http.MethodGet, test.path, id.NewUser().String(), "", "If-None-Match", h.Get("ETag"))
		require.Equal(t, http.StatusNotFound, other.Code, test.path)
		require.Equal(t, "application/problem+json", other.Header().Get("Content-Type"))
		require.Empty(t, other.Header().Get("Content-Disposition"))
	}
}
