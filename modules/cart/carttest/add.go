package carttest

import (
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"shop/modules/cart"
	"shop/modules/catalog"
	"shop/platform/fault"
	"shop/platform/id"
	"shop/platform/idempotency"
	"shop/platform/identity"
	"shop/platform/money"
)

func addReadsBack(t *testing.T, s shop) {
	user, mug := id.NewUser(), s.Product(t, nil)
	item := s.add(t, user, mug.ID, 3)
	require.False(t, item.ID.IsZero())
	require.False(t, item.CreatedAt.IsZero())
	require.Empty(t, cmp.Diff(cart.Item{
		ID: item.ID, UserID: user, ProductID: mug.ID, Name: mug.Name, Quantity: 3,
		UnitPrice: money.Of(1000, "EUR"), LineTotal: money.Of(3000, "EUR"), Available: true,
		Version: 1, ProductRevision: mug.Revision, CreatedAt: item.CreatedAt, UpdatedAt: item.CreatedAt,
	}, item))
	read, err := s.Item(as(t, user), cart.ItemInput{UserID: user, ID: item.ID})
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(item, read))
	require.Empty(t, cmp.Diff([]cart.Item{item}, s.read(t, user).Items))
}

func addAgain(t *testing.T, s shop) {
	user, mug := id.NewUser(), s.Product(t, nil)
	first := s.add(t, user, mug.ID, 3)
	s.Clock.Advance(1)
	again := s.add(t, user, mug.ID, 4)
	require.Equal(t, first.ID, again.ID)
	require.Equal(t, int64(7), again.Quantity)
	require.Equal(t, int64(2), again.Version)
	require.Equal(t, first.CreatedAt, again.CreatedAt)
	require.False(t, again.UpdatedAt.Before(first.UpdatedAt))
	require.Empty(t, cmp.Diff([]cart.Item{again}, s.read(t, user).Items))
}

func addNotFound(t *testing.T, s shop) {
	user, mug := id.NewUser(), s.Product(t, nil)
	require.NoError(t, s.Catalog.DeleteProduct(asAdministrator(t), catalog.DeleteProductInput{ID: mug.ID}))
	for _, product := range []id.Product{mug.ID, id.NewProduct()} {
		_, err := s.AddItem(as(t, user), cart.AddItemInput{UserID: user, ProductID: product, Quantity: 1})
		require.ErrorIs(t, err, cart.ErrProductNotFound)
		require.Equal(t, []string{"body.product_id"}, locations(err))
	}
	require.Empty(t, s.read(t, user).Items)
}

func inDollars(in *catalog.CreateProductInput) { in.Price = money.Of(1000, "USD") }

func addCurrency(t *testing.T, s shop) {
	user, euro, dollar := id.NewUser(), s.Product(t, nil), s.Product(t, inDollars)
	s.add(t, user, euro.ID, 1)
	_, err := s.AddItem(as(t, user), cart.AddItemInput{UserID: user, ProductID: dollar.ID, Quantity: 1})
	require.ErrorIs(t, err, cart.ErrCurrency)
	require.Equal(t, []string{"body.product_id"}, locations(err))
	require.Len(t, s.read(t, user).Items, 1)
}

func addCurrencyAfterEmpty(t *testing.T, s shop) {
	user, euro, dollar := id.NewUser(), s.Product(t, nil), s.Product(t, inDollars)
	item := s.add(t, user, euro.ID, 1)
	require.NoError(t, s.RemoveItem(as(t, user), cart.RemoveItemInput{UserID: user, ID: item.ID}))
	s.add(t, user, dollar.ID, 1)
	require.Equal(t, money.Of(1000, "USD"), s.read(t, user).Total)
}

// The only product of a cart may change its currency: adding it again takes the
// new one.
func addCurrencyChanged(t *testing.T, s shop) {
	user, mug := id.NewUser(), s.Product(t, nil)
	s.add(t, user, mug.ID, 1)
	price := money.Of(1100, "USD")
	_, err := s.Catalog.UpdateProduct(asAdministrator(t), catalog.UpdateProductInput{ID: mug.ID, Price: &price})
	require.NoError(t, err)
	require.False(t, s.read(t, user).Items[0].Available)
	item := s.add(t, user, mug.ID, 1)
	require.True(t, item.Available)
	require.Equal(t, money.Of(2200, "USD"), s.read(t, user).Total)
}

func addFullQuantity(t *testing.T, s shop) {
	user, mug := id.NewUser(), s.Product(t, nil)
	s.add(t, user, mug.ID, cart.MaxQuantity-1)
	_, err := s.AddItem(as(t, user), cart.AddItemInput{UserID: user, ProductID: mug.ID, Quantity: 2})
	require.ErrorIs(t, err, cart.ErrCartFull)
	require.Equal(t, []string{"body.quantity"}, locations(err))
	require.Equal(t, int64(cart.MaxQuantity), s.add(t, user, mug.ID, 1).Quantity)
}

func addFullItems(t *testing.T, s shop) {
	user := id.NewUser()
	items := make([]cart.Item, cart.MaxItems)
	for i := range items {
		items[i] = s.add(t, user, s.Product(t, nil).ID, 1)
	}
	more := s.Product(t, nil)
	_, err := s.AddItem(as(t, user), cart.AddItemInput{UserID: user, ProductID: more.ID, Quantity: 1})
	require.ErrorIs(t, err, cart.ErrCartFull)
	require.Equal(t, []string{"body.product_id"}, locations(err))
	require.Equal(t, int64(2), s.add(t, user, items[0].ProductID, 1).Quantity, "what is in a full cart may be raised")
	// A place that was left, wherever it is, is taken again.
	for _, left := range []int{0, 50, cart.MaxItems - 1} {
		require.NoError(t, s.RemoveItem(as(t, user), cart.RemoveItemInput{UserID: user, ID: items[left].ID}))
		s.add(t, user, s.Product(t, nil).ID, 1)
	}
	require.Len(t, s.read(t, user).Items, cart.MaxItems)
}

func addInvalid(t *testing.T, s shop) {
	user, mug := id.NewUser(), s.Product(t, nil)
	for name, test := range map[string]struct {
		in   cart.AddItemInput
		want []string
	}{
		"no product":   {cart.AddItemInput{UserID: user, Quantity: 1}, []string{"body.product_id"}},
		"no quantity":  {cart.AddItemInput{UserID: user, ProductID: mug.ID}, []string{"body.quantity"}},
		"negative":     {cart.AddItemInput{UserID: user, ProductID: mug.ID, Quantity: -1}, []string{"body.quantity"}},
		"too many":     {cart.AddItemInput{UserID: user, ProductID: mug.ID, Quantity: cart.MaxQuantity + 1}, []string{"body.quantity"}},
		"both of them": {cart.AddItemInput{UserID: user}, []string{"body.product_id", "body.quantity"}},
		"nobody":       {cart.AddItemInput{ProductID: mug.ID, Quantity: 1}, []string{"path.uid"}},
	} {
		_, err := s.AddItem(asAdministrator(t), test.in)
		require.Equal(t, fault.Invalid, fault.KindOf(err), name)
		require.Equal(t, test.want, locations(err), name)
	}
	require.Empty(t, s.read(t, user).Items)
}

func addRepeated(t *testing.T, s shop) {
	user, mug := id.NewUser(), s.Product(t, nil)
	in := cart.AddItemInput{Key: idempotency.NewKey("k"), UserID: user, ProductID: mug.ID, Quantity: 2}
	first, err := s.AddItem(as(t, user), in)
	require.NoError(t, err)
	require.False(t, in.Key.Replayed())
	in.Key = idempotency.NewKey("k")
	again, err := s.AddItem(as(t, user), in)
	require.NoError(t, err)
	require.True(t, in.Key.Replayed())
	require.Empty(t, cmp.Diff(first, again))
	require.Equal(t, int64(2), s.read(t, user).Count)
	in.Key, in.Quantity = idempotency.NewKey("k"), 3
	_, err = s.AddItem(as(t, user), in)
	require.ErrorIs(t, err, idempotency.ErrMismatch)
}

func addRepeatedGone(t *testing.T, s shop) {
	user, mug := id.NewUser(), s.Product(t, nil)
	in := cart.AddItemInput{Key: idempotency.NewKey("k"), UserID: user, ProductID: mug.ID, Quantity: 2}
	first, err := s.AddItem(as(t, user), in)
	require.NoError(t, err)
	require.NoError(t, s.Catalog.DeleteProduct(asAdministrator(t), catalog.DeleteProductInput{ID: mug.ID}))
	again, err := s.AddItem(as(t, user), in)
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(first, again))
}

// atOnce calls fn n times at once and returns the errors.
func atOnce(n int, fn func(i int) error) []error {
	errs := make([]error, n)
	var clients sync.WaitGroup
	for i := range n {
		clients.Go(func() { errs[i] = fn(i) })
	}
	clients.Wait()
	return errs
}

func addParallel(t *testing.T, s shop) {
	user, mug := id.NewUser(), s.Product(t, nil)
	others := make([]id.Product, 25)
	for i := range others {
		others[i] = s.Product(t, nil).ID
	}
	ctx := as(t, user)
	for _, err := range atOnce(50, func(i int) error {
		in := cart.AddItemInput{UserID: user, ProductID: mug.ID, Quantity: 1}
		if i%2 == 0 {
			in.ProductID = others[i/2]
		}
		if i%5 == 0 {
			in.Key = idempotency.NewKey(in.ProductID.String())
		}
		_, err := s.AddItem(ctx, in)
		for fault.KindOf(err) == fault.Conflict && in.Key != nil { // another one with the key is running
			_, err = s.AddItem(ctx, in)
		}
		return err
	}) {
		require.NoError(t, err)
	}
	c := s.read(t, user)
	require.Len(t, c.Items, 26)
	require.Equal(t, int64(25+20+1), c.Count, "25 others, and the mug 20 times without a key and once with one")
}

func addParallelFull(t *testing.T, s shop) {
	user := id.NewUser()
	for range cart.MaxItems - 5 {
		s.add(t, user, s.Product(t, nil).ID, 1)
	}
	products := make([]id.Product, 20)
	for i := range products {
		products[i] = s.Product(t, nil).ID
	}
	ctx := as(t, user)
	refused := 0
	for _, err := range atOnce(len(products), func(i int) error {
		_, err := s.AddItem(ctx, cart.AddItemInput{UserID: user, ProductID: products[i], Quantity: 1})
		return err
	}) {
		if err != nil {
			require.ErrorIs(t, err, cart.ErrCartFull)
			refused++
		}
	}
	require.Equal(t, 15, refused)
	require.Len(t, s.read(t, user).Items, cart.MaxItems)
}

func addParallelCurrency(t *testing.T, s shop) {
	user := id.NewUser()
	products := make([]id.Product, 20)
	for i := range products {
		change := func(*catalog.CreateProductInput) {}
		if i%2 == 0 {
			change = inDollars
		}
		products[i] = s.Product(t, change).ID
	}
	ctx := as(t, user)
	added := 0
	for _, err := range atOnce(len(products), func(i int) error {
		_, err := s.AddItem(ctx, cart.AddItemInput{UserID: user, ProductID: products[i], Quantity: 1})
		return err
	}) {
		if err == nil {
			added++
			continue
		}
		require.ErrorIs(t, err, cart.ErrCurrency)
	}
	require.Equal(t, 10, added)
	c := s.read(t, user)
	for _, item := range c.Items {
		require.Equal(t, c.Total.Currency, item.UnitPrice.Currency)
	}
}

func addUnavailable(t *testing.T, s shop) {
	user, mug := id.NewUser(), s.Product(t, nil)
	s.Break(catalog.MethodProduct, Fault{Before: unavailable})
	_, err := s.AddItem(as(t, user), cart.AddItemInput{UserID: user, ProductID: mug.ID, Quantity: 1})
	require.Equal(t, fault.Unavailable, fault.KindOf(err))
	require.Empty(t, s.read(t, user).Items)
}

func unavailable() error { return fault.New(fault.Unavailable, "unreachable", "nobody answers") }

func whoseCart(t *testing.T, s shop) {
	user, mug := id.NewUser(), s.Product(t, nil)
	item := s.add(t, user, mug.ID, 1)
	n := int64(2)
	methods := map[string]func(*testing.T, identity.Actor) error{
		"AddItem": func(t *testing.T, a identity.Actor) error {
			_, err := s.AddItem(identity.With(t.Context(), a), cart.AddItemInput{UserID: user, ProductID: mug.ID, Quantity: 1})
			return err
		},
		"Item": func(t *testing.T, a identity.Actor) error {
			_, err := s.Item(identity.With(t.Context(), a), cart.ItemInput{UserID: user, ID: item.ID})
			return err
		},
		"UpdateItem": func(t *testing.T, a identity.Actor) error {
			_, err := s.UpdateItem(identity.With(t.Context(), a), cart.UpdateItemInput{UserID: user, ID: item.ID, Quantity: &n})
			return err
		},
		"Cart": func(t *testing.T, a identity.Actor) error {
			_, err := s.Cart(identity.With(t.Context(), a), cart.CartInput{UserID: user})
			return err
		},
		"RemoveItem": func(t *testing.T, a identity.Actor) error {
			err := s.RemoveItem(identity.With(t.Context(), a), cart.RemoveItemInput{UserID: user, ID: item.ID})
			if err == nil {
				item = s.add(t, user, mug.ID, 1)
			}
			return err
		},
		"Empty": func(t *testing.T, a identity.Actor) error {
			err := s.Empty(identity.With(t.Context(), a), cart.EmptyInput{UserID: user})
			if err == nil {
				item = s.add(t, user, mug.ID, 1)
			}
			return err
		},
		"Checkout": func(t *testing.T, a identity.Actor) error {
			_, err := s.Checkout(identity.With(t.Context(), a), cart.CheckoutInput{UserID: user})
			if err == nil {
				item = s.add(t, user, mug.ID, 1)
			}
			return err
		},
	}
	for name, method := range methods {
		require.ErrorIs(t, method(t, identity.Actor{}), identity.ErrUnauthenticated, name)
		require.ErrorIs(t, method(t, identity.Actor{User: id.NewUser()}), identity.ErrForbidden, name)
		require.NoError(t, method(t, identity.Actor{User: user}), name)
		require.NoError(t, method(t, identity.Actor{User: id.NewUser(), Administrator: true}), name)
		require.NoError(t, method(t, identity.Actor{Service: "users"}), name)
	}
}
