package main

import (
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"shop/modules/cart/cartmod"
	"shop/modules/catalog/catalogmod"
	"shop/modules/email/emailmod"
	"shop/modules/payments/paymentsmod"
	"shop/modules/stats/statsmod"
	"shop/modules/users/usersmod"
	"shop/platform/config"
)

// What a module is said to call is what it is built from.
func TestParts_Calls(t *testing.T) {
	t.Parallel()
	deps := map[string]any{
		"users": usersmod.Deps{}, "email": emailmod.Deps{}, "catalog": catalogmod.Deps{},
		"cart": cartmod.Deps{}, "payments": paymentsmod.Deps{}, "stats": statsmod.Deps{},
	}
	for _, p := range parts() {
		var held []string
		for field := range reflect.TypeOf(deps[p.name]).Fields() {
			of := field.Type
			if name, found := strings.CutPrefix(of.PkgPath(), "shop/modules/"); found && of.Name() == "Service" {
				held = append(held, name)
			}
		}
		require.ElementsMatch(t, p.calls, held, p.name)
	}
}

// A process that hosts a module says at its start what the module needs.
func TestRequireNeighbours(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		environ []string
		want    []string
	}{
		"All":       {nil, nil},
		"None":      {[]string{"SHOP_MODULES=none"}, nil},
		"Alone":     {[]string{"SHOP_MODULES=catalog"}, nil},
		"Missing":   {[]string{"SHOP_MODULES=cart,payments"}, []string{"SHOP_CATALOG_URL", "SHOP_USERS_URL"}},
		"Addressed": {[]string{"SHOP_MODULES=cart,payments", "SHOP_CATALOG_URL=http://a:1", "SHOP_USERS_URL=http://b:1"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg, err := config.Load(config.Options{Environ: c.environ})
			require.NoError(t, err)
			err = requireNeighbours(cfg)
			if c.want == nil {
				require.NoError(t, err)
				return
			}
			require.Error(t, err)
			require.NotContains(t, err.Error(), "\n")
			for _, name := range c.want {
				require.Contains(t, err.Error(), name)
			}
		})
	}
}
