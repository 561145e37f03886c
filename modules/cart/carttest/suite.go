// Package carttest says what carts must do, once for every implementation, and
// offers one in memory for the tests of others.
package carttest

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"shop/modules/cart"
	"shop/platform/fault"
	"shop/platform/id"
	"shop/platform/identity"
	"shop/platform/module"
	"shop/platform/money"
)

// What an implementation under test is set to.
const (
	// Lease is the lease of a checkout by the clock of Outside.
	Lease = 20 * time.Second
	// ResumeEvery is how often it looks for interrupted checkouts.
	ResumeEvery = 5 * time.Millisecond
	// ShippingCurrency is the currency of the carts that pay for shipping: all
	// others are shipped free.
	ShippingCurrency money.Currency = "CHF"
	// ShippingRate is what it costs in minor units, whatever the subtotal.
	ShippingRate = 490
)

// Fixture is an implementation under test.
type Fixture struct {
	Service cart.Service
	// RunResumer carries on what was interrupted, until ctx ends.
	RunResumer func(ctx context.Context) error
	// Events are the events published so far, in order.
	Events func(t *testing.T) []Published
}

// Published is an event that was published.
type Published struct {
	Name    string
	Payload json.RawMessage
}

// RunWorkers runs workers until ctx ends.
func RunWorkers(workers []module.Worker) func(ctx context.Context) error {
	return func(ctx context.Context) error {
		var group errgroup.Group
		for _, w := range workers {
			group.Go(func() error { return w.Run(ctx) })
		}
		return group.Wait()
	}
}

// Run runs the suite; newFixture makes carts without items over what is outside
// of them, for each test.
func Run(t *testing.T, newFixture func(t *testing.T, o *Outside) Fixture) {
	t.Helper()
	for name, test := range map[string]func(*testing.T, shop){
		"AddItem/reads back":                      addReadsBack,
		"AddItem/again raises the quantity":       addAgain,
		"AddItem/ErrProductNotFound":              addNotFound,
		"AddItem/ErrCurrency":                     addCurrency,
		"AddItem/currency of an emptied cart":     addCurrencyAfterEmpty,
		"AddItem/currency of the only product":    addCurrencyChanged,
		"AddItem/ErrCartFull by quantity":         addFullQuantity,
		"AddItem/ErrCartFull by products":         addFullItems,
		"AddItem/invalid fields":                  addInvalid,
		"AddItem/repeat with a key":               addRepeated,
		"AddItem/repeat when the product is gone": addRepeatedGone,
		"AddItem/all of 50 at once count":         addParallel,
		"AddItem/never too many at once":          addParallelFull,
		"AddItem/one currency at once":            addParallelCurrency,
		"AddItem/catalog unavailable":             addUnavailable,
		"every method/whose cart":                 whoseCart,
		"Item/ErrItemNotFound":                    itemNotFound,
		"Item/price of now":                       itemPriceNow,
		"UpdateItem/sets the quantity":            updateSets,
		"UpdateItem/nothing to change":            updateNothing,
		"UpdateItem/ErrPrecondition":              updatePrecondition,
		"UpdateItem/refuses":                      updateRefuses,
		"RemoveItem/takes it out":                 removeTakesOut,
		"RemoveItem/ErrPrecondition":              removePrecondition,
		"Cart/empty":                              cartEmpty,
		"Cart/oldest first with total and count":  cartSums,
		"Cart/two reads however many items":       cartReads,
		"Cart/unavailable items":                  cartUnavailable,
		"Cart/price in another currency":          cartForeign,
		"Empty/takes all out":                     emptyTakesOut,
		"Checkout/reserves, invoices and empties": checkoutWhole,
		"Checkout/ErrEmpty":                       checkoutEmpty,
		"Checkout/ErrUnavailableItems":            checkoutUnavailable,
		"Checkout/ErrUnavailableItems by catalog": checkoutOutrun,
		"Checkout/ErrInvoiceRefused":              checkoutInvoiceRefused,
		"Checkout/repeat with a key":              checkoutRepeated,
		"Checkout/key of another cart":            checkoutMismatch,
		"Checkout/key after a day":                checkoutKeyExpired,
		"Checkout/key after a refusal":            checkoutKeyRefused,
		"Checkout/one invoice from many at once":  checkoutParallel,
		"Checkout/one invoice for a key at once":  checkoutParallelKey,
		"Checkout/never oversells":                checkoutOversell,
		"Checkout/keeps what came meanwhile":      checkoutSurplus,
		"Checkout/sees a change of the cart":      checkoutSeesChange,
		"Checkout/ErrInterrupted, in progress":    interruptedInProgress,
		"Checkout/ErrInterrupted, repeated":       interruptedRepeated,
		"Checkout/ErrInterrupted, resumed":        interruptedResumed,
		"Checkout/dies, repeated":                 diedRepeated,
		"Checkout/dies, resumed":                  diedResumed,
		"Checkout/dies giving the stock back":     diedGivingBack,
		"Checkout/discount of 10 for 50 at once":  discountContended,
		"Checkout/discount given back":            discountGivenBack,
		"Checkout/ErrCheckoutInProgress":          checkoutInProgress,
		"Checkout/overtaken":                      checkoutOvertaken,
		"settlement/of paid invoices":             settlePaid,
		"settlement/paid before the end":          settlePaidEarly,
		"settlement/of unpaid invoices":           settleUnpaid,
		"settlement/of cancelled orders":          settleCancelled,
		"settlement/asked for":                    settleAsked,
		"settlement/of goods that are gone":       settleShort,
		"Merge": together(map[string]func(*testing.T, shop){
			"adds up":               mergeWhole,
			"many at once":          mergeAtOnce,
			"ErrCheckoutInProgress": mergeInCheckout,
		}),
		"Checkout/buyer":          checkoutBuyer,
		"Checkout/buyer, invalid": checkoutBuyerInvalid,
		"Checkout/told of": together(map[string]func(*testing.T, shop){
			"ErrContactNeeded": checkoutContactNeeded,
			"once":             checkoutTold,
		}),
		"Receive/a removed user": receiveRemoved,
		"Receive/once":           receiveOnce,
		"Receive/invalid events": receiveInvalid,
		"Receive/only services":  receiveServices,

		"totals": together(map[string]func(*testing.T, shop){
			"Quote/what Checkout charges":       quoteCharged,
			"Quote/refuses":                     quoteRefuses,
			"Checkout/ErrTotalChanged":          checkoutTotalChanged,
			"Checkout/discount unknown":         discountUnknown,
			"Checkout/discount at its time":     discountTime,
			"Checkout/discount of the subtotal": discountMinimum,
			"Checkout/discount of each user":    discountPerUser,
			"discounts/whoever may":             discountsWho,
			"discounts/create, read and change": discountsChange,
			"discounts/pages":                   discountsPages,
			"discounts/invalid fields":          discountsInvalid,
		}),
		"orders/placed": together(map[string]func(*testing.T, shop){
			"Order/of a paid checkout":               orderOfCheckout,
			"Order/of an invoice without a checkout": orderOfInvoice,
			"Order/one of an invoice":                orderOnce,
			"Order/ErrOrderNotFound":                 orderNotFound,
			"Receive/a payment that was none":        orderOfNothing,
		}),
		"CancelOrder": together(map[string]func(*testing.T, shop){
			"refunds and returns":      cancelWhole,
			"whoever may, and when":    cancelWho,
			"repeated":                 cancelRepeated,
			"of a partial refund":      cancelPartlyRefunded,
			"ErrOrderState or shipped": cancelOrShip,
			"without a checkout":       cancelWithoutCheckout,
			"after a refund in full":   cancelRefunded,
			"refunded before placed":   placedRefunded,
		}),
		"CancelOrder/interrupted, resumed": cancelInterrupted,
		"Verify":                           verifyOrders,
		"Verify/reservations":              verifyReservations,
		"Verify/leaves alone":              verifyLeavesAlone,
		"ListOrders/filters":               ordersFilters,
		"orders/listed": together(map[string]func(*testing.T, shop){
			"ListOrders/pages":   ordersPages,
			"ListOrders/whose":   ordersWhose,
			"ListOrders/refuses": ordersRefuses,
		}),
		"orders/on their way": together(map[string]func(*testing.T, shop){
			"every step/to the buyer":    stepsToBuyer,
			"every step/ErrOrderState":   stepsState,
			"every step/ErrPrecondition": stepsPrecondition,
			"every step/whoever may":     stepsWho,
			"ShipOrder/invalid fields":   shipInvalid,
		}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			outside := NewOutside()
			f := newFixture(t, outside)
			test(t, shop{f.Service, outside, f.RunResumer, f.Events})
		})
	}
}

// together are tests that share one shop, which none of them breaks.
func together(tests map[string]func(*testing.T, shop)) func(*testing.T, shop) {
	return func(t *testing.T, s shop) {
		t.Helper()
		for name, test := range tests {
			t.Run(name, func(t *testing.T) { test(t, s) })
		}
	}
}

// shop is carts and what is around them.
type shop struct {
	cart.Service
	*Outside
	runResumer func(context.Context) error
	events     func(*testing.T) []Published
}

// resume runs the resumer until done is so.
func (s shop) resume(t *testing.T, done func() bool) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.runResumer(ctx) }()
	require.Eventually(t, done, 20*time.Second, ResumeEvery)
	cancel()
	require.NoError(t, <-ended)
}

func as(t testing.TB, user id.User) context.Context {
	return identity.With(t.Context(), identity.Actor{User: user})
}

func asAdministrator(t testing.TB) context.Context {
	return identity.With(t.Context(), identity.Actor{User: id.NewUser(), Administrator: true})
}

func asService(t testing.TB) context.Context {
	return identity.With(t.Context(), identity.Actor{Service: "users"})
}

// add puts a quantity of a product in a user's cart.
func (s shop) add(t *testing.T, user id.User, product id.Product, quantity int64) cart.Item {
	t.Helper()
	item, err := s.AddItem(as(t, user), cart.AddItemInput{UserID: user, ProductID: product, Quantity: quantity})
	require.NoError(t, err)
	return item
}

// read is a user's cart.
func (s shop) read(t *testing.T, user id.User) cart.Cart {
	t.Helper()
	c, err := s.Cart(as(t, user), cart.CartInput{UserID: user})
	require.NoError(t, err)
	return c
}

// locations are the fields that an error names.
func locations(err error) []string {
	var named []string
	for _, f := range fault.From(err).Fields {
		named = append(named, f.Location)
	}
	return named
}
