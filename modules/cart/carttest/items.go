package carttest

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"shop/modules/cart"
	"shop/modules/catalog"
	"shop/platform/fault"
	"shop/platform/id"
	"shop/platform/money"
)

func itemNotFound(t *testing.T, s shop) {
	user, other, mug := id.NewUser(), id.NewUser(), s.Product(t, nil)
	item := s.add(t, other, mug.ID, 1)
	n := int64(2)
	for _, missing := range []id.CartItem{id.NewCartItem(), item.ID} {
		_, err := s.Item(as(t, user), cart.ItemInput{UserID: user, ID: missing})
		require.ErrorIs(t, err, cart.ErrItemNotFound)
		for _, quantity := range []*int64{&n, nil} {
			_, err = s.UpdateItem(as(t, user), cart.UpdateItemInput{UserID: user, ID: missing, Quantity: quantity})
			require.ErrorIs(t, err, cart.ErrItemNotFound)
		}
		err = s.RemoveItem(as(t, user), cart.RemoveItemInput{UserID: user, ID: missing})
		require.ErrorIs(t, err, cart.ErrItemNotFound)
	}
	require.Len(t, s.read(t, other).Items, 1)
}

func itemPriceNow(t *testing.T, s shop) {
	user, mug := id.NewUser(), s.Product(t, nil)
	item := s.add(t, user, mug.ID, 2)
	name, price, stock := "Red mug", money.Of(1234, "EUR"), int64(1)
	changed, err := s.Catalog.UpdateProduct(asAdministrator(t), catalog.UpdateProductInput{ID: mug.ID, Name: &name, Price: &price, Stock: &stock})
	require.NoError(t, err)
	want := item
	want.Name, want.UnitPrice, want.LineTotal, want.Available = name, price, money.Of(2468, "EUR"), false
	want.ProductRevision = changed.Revision
	read, err := s.Item(as(t, user), cart.ItemInput{UserID: user, ID: item.ID})
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(want, read))
}

func (s shop) update(t *testing.T, item cart.Item, ifVersion int64, quantity *int64) (cart.Item, error) {
	t.Helper()
	return s.UpdateItem(as(t, item.UserID), cart.UpdateItemInput{
		UserID: item.UserID, ID: item.ID, IfVersion: ifVersion, Quantity: quantity,
	})
}

func updateSets(t *testing.T, s shop) {
	user, mug := id.NewUser(), s.Product(t, nil)
	item := s.add(t, user, mug.ID, 5)
	n := int64(2)
	changed, err := s.update(t, item, 0, &n)
	require.NoError(t, err)
	want := item
	want.Quantity, want.LineTotal, want.Version, want.UpdatedAt = 2, money.Of(2000, "EUR"), 2, changed.UpdatedAt
	require.Empty(t, cmp.Diff(want, changed))
	require.Empty(t, cmp.Diff([]cart.Item{want}, s.read(t, user).Items))
}

func updateNothing(t *testing.T, s shop) {
	user, mug := id.NewUser(), s.Product(t, nil)
	item := s.add(t, user, mug.ID, 5)
	same, err := s.update(t, item, 1, nil)
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(item, same))
	_, err = s.update(t, item, 2, nil)
	require.ErrorIs(t, err, fault.ErrPrecondition)
}

func updatePrecondition(t *testing.T, s shop) {
	user, mug := id.NewUser(), s.Product(t, nil)
	item := s.add(t, user, mug.ID, 5)
	n := int64(2)
	_, err := s.update(t, item, 1, &n)
	require.NoError(t, err)
	_, err = s.update(t, item, 1, &n)
	require.ErrorIs(t, err, fault.ErrPrecondition)
	require.Equal(t, int64(2), s.read(t, user).Items[0].Version)
}

func updateRefuses(t *testing.T, s shop) {
	user, mug := id.NewUser(), s.Product(t, nil)
	item := s.add(t, user, mug.ID, 5)
	for _, n := range []int64{0, -1, cart.MaxQuantity + 1} {
		_, err := s.update(t, item, 0, &n)
		require.Equal(t, fault.Invalid, fault.KindOf(err))
		require.Equal(t, []string{"body.quantity"}, locations(err))
	}
	require.Empty(t, cmp.Diff([]cart.Item{item}, s.read(t, user).Items))
}

func removeTakesOut(t *testing.T, s shop) {
	user, mug, pan := id.NewUser(), s.Product(t, nil), s.Product(t, nil)
	item, kept := s.add(t, user, mug.ID, 5), s.add(t, user, pan.ID, 1)
	require.NoError(t, s.RemoveItem(as(t, user), cart.RemoveItemInput{UserID: user, ID: item.ID}))
	require.Empty(t, cmp.Diff([]cart.Item{kept}, s.read(t, user).Items))
	require.Equal(t, int64(1), s.add(t, user, mug.ID, 1).Quantity, "it comes back as new")
}

func removePrecondition(t *testing.T, s shop) {
	user, mug := id.NewUser(), s.Product(t, nil)
	item := s.add(t, user, mug.ID, 5)
	in := cart.RemoveItemInput{UserID: user, ID: item.ID, IfVersion: 2}
	require.ErrorIs(t, s.RemoveItem(as(t, user), in), fault.ErrPrecondition)
	in.IfVersion = 1
	require.NoError(t, s.RemoveItem(as(t, user), in))
	require.Empty(t, s.read(t, user).Items)
}

func cartEmpty(t *testing.T, s shop) {
	require.Empty(t, cmp.Diff(cart.Cart{Items: []cart.Item{}}, s.read(t, id.NewUser())))
}

func cartSums(t *testing.T, s shop) {
	user := id.NewUser()
	var want cart.Cart
	for i := range int64(5) {
		product := s.Product(t, func(in *catalog.CreateProductInput) { in.Price.Minor = 100 * i })
		want.Items = append(want.Items, s.add(t, user, product.ID, i+1))
	}
	want.Total, want.Count = money.Of(100*(1*2+2*3+3*4+4*5), "EUR"), 15
	s.add(t, id.NewUser(), s.Product(t, nil).ID, 1)
	require.Empty(t, cmp.Diff(want, s.read(t, user)))
}

func cartReads(t *testing.T, s shop) {
	user := id.NewUser()
	for range 10 {
		s.add(t, user, s.Product(t, nil).ID, 1)
	}
	one, many := s.Calls(catalog.MethodProduct), s.Calls(catalog.MethodProducts)
	require.Len(t, s.read(t, user).Items, 10)
	require.Equal(t, one, s.Calls(catalog.MethodProduct))
	require.Equal(t, many+1, s.Calls(catalog.MethodProducts))
}

func cartUnavailable(t *testing.T, s shop) {
	user := id.NewUser()
	good, gone := s.Product(t, nil), s.Product(t, nil)
	short := s.Product(t, func(in *catalog.CreateProductInput) { in.Stock = 1 })
	for _, p := range []catalog.Product{gone, good, short} {
		s.add(t, user, p.ID, 2)
	}
	require.NoError(t, s.Catalog.DeleteProduct(asAdministrator(t), catalog.DeleteProductInput{ID: gone.ID}))
	c := s.read(t, user)
	require.Equal(t, []bool{false, true, false}, []bool{c.Items[0].Available, c.Items[1].Available, c.Items[2].Available})
	require.Equal(t, gone.Name, c.Items[0].Name)
	require.Equal(t, money.Of(2000, "EUR"), c.Items[0].LineTotal)
	require.Equal(t, money.Of(2000, "EUR"), c.Total, "only what can be bought")
	require.Equal(t, int64(6), c.Count)

	require.NoError(t, s.RemoveItem(as(t, user), cart.RemoveItemInput{UserID: user, ID: c.Items[1].ID}))
	require.Equal(t, money.Of(0, "EUR"), s.read(t, user).Total, "nothing, but of a currency")
}

func cartForeign(t *testing.T, s shop) {
	user, mug, pan := id.NewUser(), s.Product(t, nil), s.Product(t, nil)
	s.add(t, user, mug.ID, 1)
	item := s.add(t, user, pan.ID, 1)
	price := money.Of(900, "USD")
	_, err := s.Catalog.UpdateProduct(asAdministrator(t), catalog.UpdateProductInput{ID: pan.ID, Price: &price})
	require.NoError(t, err)
	c := s.read(t, user)
	require.True(t, c.Items[0].Available)
	require.False(t, c.Items[1].Available)
	require.Equal(t, money.Of(1000, "EUR"), c.Total)
	read, err := s.Item(as(t, user), cart.ItemInput{UserID: user, ID: item.ID})
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(c.Items[1], read))
	_, err = s.Checkout(as(t, user), cart.CheckoutInput{UserID: user})
	require.ErrorIs(t, err, cart.ErrUnavailableItems)
	require.Equal(t, []string{"items." + item.ID.String()}, locations(err))
}

func emptyTakesOut(t *testing.T, s shop) {
	user, other, mug := id.NewUser(), id.NewUser(), s.Product(t, nil)
	s.add(t, user, mug.ID, 1)
	s.add(t, user, s.Product(t, nil).ID, 1)
	s.add(t, other, mug.ID, 1)
	for range 2 {
		require.NoError(t, s.Empty(as(t, user), cart.EmptyInput{UserID: user}))
		require.Empty(t, s.read(t, user).Items)
	}
	require.Len(t, s.read(t, other).Items, 1)
}
