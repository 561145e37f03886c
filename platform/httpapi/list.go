package httpapi

import (
	"context"
	"net/url"
	"strconv"

	"shop/platform/page"
)

// PageQuery is embedded in the input of an operation that lists.
type PageQuery struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"20" doc:"How many items a page has at most."`
	Cursor string `query:"cursor" maxLength:"2048" doc:"next_cursor of the page before; left out for the first page."`
	Count  string `query:"count" enum:"exact" doc:"exact: count all matches, which costs a scan of them."`
}

// Page is the request for a page that the query is.
func (q PageQuery) Page() page.Request {
	return page.Request{Limit: q.Limit, Cursor: q.Cursor, CountExact: q.Count == "exact"}
}

// ListBody is the body of a list.
type ListBody[T any] struct {
	Items      []T    `json:"items" nullable:"false" doc:"The items of this page."`
	NextCursor string `json:"next_cursor,omitempty" doc:"The cursor of the next page; missing on the last one."`
	Total      *int64 `json:"total,omitempty" doc:"How many items match in all, when count=exact was asked for."`
}

// List is the output of an operation that lists.
type List[T any] struct {
	Link string `header:"Link" doc:"rel=\"next\" (RFC 8288): the next page."`
	Body ListBody[T]
}

// NewList makes the answer of a page, each item in its wire form. ctx is the
// request's: the link to the next page repeats its query.
func NewList[T, W any](ctx context.Context, p page.Page[T], wire func(T) W) *List[W] {
	out := &List[W]{Body: ListBody[W]{Items: make([]W, len(p.Items)), NextCursor: p.Next, Total: p.Total}}
	for i, item := range p.Items {
		out.Body.Items[i] = wire(item)
	}
	if e := exchangeOf(ctx); e != nil && p.Next != "" {
		query := e.url.Query()
		query.Set("cursor", p.Next)
		out.Link = "<" + e.url.EscapedPath() + "?" + query.Encode() + `>; rel="next"`
	}
	return out
}

// PageValues is the query with which a remote client asks for a page: what
// PageQuery reads.
func PageValues(r page.Request) url.Values {
	query := url.Values{}
	if r.Limit != 0 {
		query.Set("limit", strconv.Itoa(r.Size()))
	}
	if r.Cursor != "" {
		query.Set("cursor", r.Cursor)
	}
	if r.CountExact {
		query.Set("count", "exact")
	}
	return query
}

// PageOf is the page that a list's body holds, each item in its face's form: the
// inverse of NewList, for remote clients.
func PageOf[W, T any](body ListBody[W], value func(W) T) page.Page[T] {
	p := page.Page[T]{Items: make([]T, len(body.Items)), Next: body.NextCursor, Total: body.Total}
	for i, item := range body.Items {
		p.Items[i] = value(item)
	}
	return p
}
