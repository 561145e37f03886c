package byhand

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"

	"github.com/google/uuid"

	"shop/cmd/shopbench/internal/yardstick"
)

type server struct{ rows store }

func routes(rows store) http.Handler {
	s := server{rows: rows}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("GET /product/{id}", s.product)
	mux.HandleFunc("GET /products/{$}", s.products)
	mux.HandleFunc("POST /user/{id}/cart/{$}", s.addToCart)
	mux.HandleFunc("DELETE /user/{id}/cart/{$}", s.emptyCart)
	mux.HandleFunc("POST /user/{id}/checkout", s.checkOut)
	mux.HandleFunc("POST /invoices/{id}/pay", s.pay)
	mux.HandleFunc("POST /log", s.log)
	return mux
}

func (s server) product(w http.ResponseWriter, r *http.Request) {
	id, ok := pathID(w, r)
	if !ok {
		return
	}
	product, err := s.rows.product(r.Context(), id)
	answer(w, http.StatusOK, product, err)
}

func (s server) products(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	if q := query.Get("q"); q != "" {
		found, err := s.rows.search(r.Context(), q)
		answer(w, http.StatusOK, yardstick.Page{Items: found}, err)
		return
	}
	var after uuid.UUID
	if cursor := query.Get("cursor"); cursor != "" {
		var err error
		if after, err = uuid.Parse(cursor); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
	}
	products, err := s.rows.page(r.Context(), after)
	answer(w, http.StatusOK, yardstick.PageOf(products), err)
}

func (s server) addToCart(w http.ResponseWriter, r *http.Request) {
	var in yardstick.CartInput
	user, ok := pathID(w, r)
	if !ok || !body(w, r, &in) {
		return
	}
	item, err := s.rows.addToCart(r.Context(), user, in)
	answer(w, http.StatusCreated, item, err)
}

func (s server) emptyCart(w http.ResponseWriter, r *http.Request) {
	user, ok := pathID(w, r)
	if !ok {
		return
	}
	answer(w, http.StatusNoContent, nil, s.rows.emptyCart(r.Context(), user))
}

func (s server) checkOut(w http.ResponseWriter, r *http.Request) {
	user, ok := pathID(w, r)
	if !ok {
		return
	}
	invoice, err := s.rows.checkOut(r.Context(), user)
	answer(w, http.StatusCreated, yardstick.CheckedOut{InvoiceID: invoice}, err)
}

func (s server) pay(w http.ResponseWriter, r *http.Request) {
	var in yardstick.PayInput
	id, ok := pathID(w, r)
	if !ok || !body(w, r, &in) {
		return
	}
	invoice, err := s.rows.pay(r.Context(), id, in.PaymentMethod)
	answer(w, http.StatusOK, invoice, err)
}

func (s server) log(w http.ResponseWriter, r *http.Request) {
	raw, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	entries, err := yardstick.ParseLog(raw)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	err = s.rows.log(r.Context(), entries)
	answer(w, http.StatusCreated, yardstick.Logged{Count: len(entries)}, err)
}

func pathID(w http.ResponseWriter, r *http.Request) (uuid.UUID, bool) {
	id, err := uuid.Parse(r.PathValue("id"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return uuid.Nil, false
	}
	return id, true
}

func body(w http.ResponseWriter, r *http.Request, in any) bool {
	err := json.NewDecoder(r.Body).Decode(in)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return false
	}
	return true
}

func answer(w http.ResponseWriter, status int, value any, err error) {
	switch {
	case errors.Is(err, errNotFound):
		http.Error(w, err.Error(), http.StatusNotFound)
		return
	case errors.Is(err, errConflict):
		http.Error(w, err.Error(), http.StatusConflict)
		return
	case err != nil:
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	case status == http.StatusNoContent:
		w.WriteHeader(status)
		return
	}
	out, err := json.Marshal(value)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(out) // a client that has gone needs no answer
}
