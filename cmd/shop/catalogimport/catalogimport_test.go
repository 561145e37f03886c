package catalogimport_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"shop/cmd/shop/catalogimport"
	"shop/modules/catalog"
	"shop/platform/fault"
	"shop/platform/money"
)

// shelf is a catalog that keeps what it is given.
type shelf struct {
	batches [][]catalog.CreateProductInput
	refuse  func(products []catalog.CreateProductInput) error
}

func (s *shelf) ImportProducts(_ context.Context, in catalog.ImportProductsInput) (catalog.ImportResult, error) {
	if s.refuse != nil {
		if err := s.refuse(in.Products); err != nil {
			return catalog.ImportResult{}, err
		}
	}
	s.batches = append(s.batches, in.Products)
	return catalog.ImportResult{Created: len(in.Products)}, nil
}

func TestFormatsMeanTheSame(t *testing.T) {
	t.Parallel()
	want := [][]catalog.CreateProductInput{{
		{
			SKU: "MUG-1", Name: "Mug", Description: "Two lines,\nquoted", Price: money.Of(1250, "EUR"), Stock: 3, Category: "Kitchen",
			Attributes: map[string]string{"colour": "blue"}, Images: []string{"https://x.example/1.jpg", "https://x.example/2.jpg"},
		},
		{SKU: "PEN-1", Name: "Pen", Price: money.Of(199, "USD")},
	}}
	for name, text := range map[string]string{
		"CSV": "sku,name,description,amount,currency,stock,category,images,attr.colour\n" +
			"MUG-1,Mug,\"Two lines,\nquoted\",1250,,3,Kitchen,https://x.example/1.jpg|https://x.example/2.jpg,blue\n" +
			"PEN-1,Pen,,199,USD,,,,\n",
		"FromASpreadsheet": "\xef\xbb\xbfsku;name;description;amount;currency;stock;category;images;attr.colour\r\n" +
			"MUG-1;Mug;\"Two lines,\nquoted\";1250;;3;Kitchen;https://x.example/1.jpg https://x.example/2.jpg;blue\r\n" +
			"PEN-1;Pen;;199;USD;;;;\r\n",
		"NDJSON": `{"sku":"MUG-1","name":"Mug","description":"Two lines,\nquoted","price":{"amount":1250},"stock":3,"category":"Kitchen","attributes":{"colour":"blue"},"images":["https://x.example/1.jpg","https://x.example/2.jpg"]}` +
			"\n\n" + `{"sku":"PEN-1","name":"Pen","price":{"amount":199,"currency":"USD"}}` + "\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var s shelf
			result, err := catalogimport.Import(t.Context(), strings.NewReader(text), &s, catalogimport.Options{Currency: "EUR"})
			require.NoError(t, err)
			require.Equal(t, catalogimport.Result{Created: 2}, result)
			require.Empty(t, cmp.Diff(want, s.batches))
		})
	}
}

func TestBatchesAreWholeOrNothing(t *testing.T) {
	t.Parallel()
	var s shelf
	var seen []int
	text := "sku,name,amount\na,A,1\nb,B,2\nc,C,x\nd,D,4\ne,E,5\n"
	result, err := catalogimport.Import(t.Context(), strings.NewReader(text), &s, catalogimport.Options{
		Currency: "EUR", Batch: 2,
		Progress: func(r catalogimport.Result) { seen = append(seen, r.Created+r.Skipped) },
	})
	require.NoError(t, err)
	require.Equal(t, 3, result.Created)
	require.Equal(t, 2, result.Skipped)
	require.Equal(t, []catalogimport.Problem{{Line: 4, Message: "amount: use a whole number of minor units, such as 1999 for 19.99"}}, result.Problems)
	require.Equal(t, []int{2, 4, 5}, seen)
	require.Len(t, s.batches, 2)
}

func TestBadRowsAreReportedByLine(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ text, want string }{
		"CSV/TooFewColumns":   {"sku,name,amount\na,A\n", "line 2: has 2 columns, the first line has 3"},
		"CSV/NoSKU":           {"sku,name,amount\n,A,1\n", "line 2: sku: is missing"},
		"CSV/NoName":          {"sku,name,amount\na,,1\n", "line 2: name: is missing"},
		"CSV/Float":           {"sku,name,amount\na,A,19.99\n", "line 2: amount: use a whole number of minor units, such as 1999 for 19.99"},
		"CSV/Stock":           {"sku,name,amount,stock\na,A,1,many\n", "line 2: stock: use a whole number"},
		"CSV/Currency":        {"sku,name,amount,currency\na,A,1,euro\n", "line 2: currency: use an ISO 4217 code such as EUR"},
		"CSV/Encoding":        {"sku,name,amount\na,\xff,1\n", "line 2: name: is not valid UTF-8"},
		"CSV/Twice":           {"sku,name,amount\na,\"A\nA\",1\nb,B,1\na,A,1\n", `line 5: sku "a" is on line 2 already`},
		"NDJSON/NoPrice":      {"\n" + `{"sku":"a","name":"A"}`, "line 2: price: is missing"},
		"NDJSON/UnknownField": {`{"sku":"a","nam":"A"}`, `line 1: unknown field "nam"`},
		"NDJSON/WrongType":    {`{"sku":"a","name":"A","price":{"amount":"1"}}`, "line 1: price.amount: use a whole number, not a string"},
		"NDJSON/CutOff":       {`{"sku":"a"`, "line 1: is cut off: no complete JSON object"},
		"NDJSON/MoreThanOne":  {`{"sku":"a","name":"A","price":{"amount":1}} {}`, "line 1: has more than one value"},
		"NDJSON/List":         {`{"sku":"a","name":"A","price":{"amount":1}}` + "\n" + `[]`, "line 2: is no JSON object"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			format := strings.ToLower(strings.Split(name, "/")[0])
			var s shelf
			result, err := catalogimport.Import(t.Context(), strings.NewReader(test.text), &s,
				catalogimport.Options{Currency: "EUR", Format: format})
			require.NoError(t, err)
			require.Len(t, result.Problems, 1)
			require.Equal(t, test.want, result.Problems[0].String())
			require.Empty(t, s.batches)
		})
	}
}

func TestFilesThatAreNone(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ text, want string }{
		"Empty":         {"", "the file is empty"},
		"UnknownColumn": {"sku,name,amount,colour\n", `line 1: unknown column "colour"`},
		"ColumnTwice":   {"sku,name,amount,sku\n", `line 1: two columns are named "sku"`},
		"NoAmount":      {"sku,name\n", `line 1: the column "amount" is missing`},
		"StrayQuote":    {"sku,name,amount\na,\"A\"x,1\n", "line 2: "},
		"EndlessLine":   {`{"sku":"` + strings.Repeat("x", 2<<20), "line 1: "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := catalogimport.Import(t.Context(), strings.NewReader(test.text), &shelf{}, catalogimport.Options{Currency: "EUR"})
			require.ErrorContains(t, err, test.want)
		})
	}
}

func TestWhatTheCatalogRefusesIsReportedByLine(t *testing.T) {
	t.Parallel()
	s := shelf{refuse: func(products []catalog.CreateProductInput) error {
		for i, p := range products {
			if p.Price.Minor < 0 {
				return fault.InvalidField(fmt.Sprintf("body.products[%d].price.amount", i), "must not be negative")
			}
		}
		return nil
	}}
	result, err := catalogimport.Import(t.Context(), strings.NewReader("sku,name,amount\na,A,1\nb,B,-2\n"), &s, catalogimport.Options{Currency: "EUR"})
	require.NoError(t, err)
	require.Equal(t, []catalogimport.Problem{{Line: 3, Message: "price.amount: must not be negative"}}, result.Problems)
	require.Equal(t, 2, result.Skipped)
}

func TestFailureOfTheCatalogEndsTheImport(t *testing.T) {
	t.Parallel()
	broken := errors.New("disk full")
	s := shelf{refuse: func(products []catalog.CreateProductInput) error {
		if products[0].SKU == "b" {
			return broken
		}
		return nil
	}}
	result, err := catalogimport.Import(t.Context(), strings.NewReader("sku,name,amount\na,A,1\nb,B,2\nc,C,3\n"), &s,
		catalogimport.Options{Currency: "EUR", Batch: 1})
	require.ErrorIs(t, err, broken)
	require.ErrorContains(t, err, "import lines 3 to 3")
	require.Equal(t, 1, result.Created)
}
