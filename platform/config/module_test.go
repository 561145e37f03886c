package config_test

import (
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"shop/platform/config"
)

// load reads variables and no file.
func load(t *testing.T, variables ...string) config.Config {
	t.Helper()
	c, err := config.Load(config.Options{File: os.DevNull, Environ: variables})
	require.NoError(t, err)
	return c
}

func TestHosts(t *testing.T) {
	t.Parallel()
	for modules, hosted := range map[string][]string{
		"":              {"users", "email", "catalog", "cart", "payments", "stats"},
		"all":           {"users", "email", "catalog", "cart", "payments", "stats"},
		"none":          {},
		"email, stats,": {"email", "stats"},
	} {
		c := load(t, "SHOP_MODULES="+modules)
		for _, name := range []string{"users", "email", "catalog", "cart", "payments", "stats"} {
			require.Equal(t, slices.Contains(hosted, name), c.Hosts(name), "%q hosts %s", modules, name)
		}
		require.False(t, c.Hosts("elephants"))
	}
}

func TestPlacementOf(t *testing.T) {
	t.Parallel()
	targets := []string{"http://a:8081", "https://b", "unix:///run/shop.sock"}
	url := "SHOP_CATALOG_URL=http://a:8081/, https://b,unix:///run/shop.sock"
	for name, test := range map[string]struct {
		variables []string
		want      config.Placement
	}{
		"Default":   {nil, config.Placement{Fallback: "none"}},
		"Reachable": {[]string{url}, config.Placement{Targets: targets, Fallback: "none"}},
		"Shared": {
			[]string{url, "SHOP_CATALOG_REMOTE=25", "SHOP_CATALOG_SHADOW=5", "SHOP_CATALOG_FALLBACK=reads"},
			config.Placement{Targets: targets, Remote: 25, Shadow: 5, Fallback: "reads"},
		},
		"Elsewhere":      {[]string{url, "SHOP_MODULES=email"}, config.Placement{Targets: targets, Remote: 100, Fallback: "none"}},
		"ElsewhereSaid":  {[]string{url, "SHOP_MODULES=email", "SHOP_CATALOG_REMOTE=100"}, config.Placement{Targets: targets, Remote: 100, Fallback: "none"}},
		"ElsewhereEmpty": {[]string{"SHOP_MODULES=email"}, config.Placement{Remote: 100, Fallback: "none"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := load(t, test.variables...)
			require.Equal(t, test.want, c.PlacementOf("catalog"))
		})
	}
	c := load(t, "SHOP_MODULES=email")
	require.Equal(t, "100", setting(t, c, "catalog.remote").Value, "what follows from modules is shown")
	require.Equal(t, config.Placement{Remote: 100, Fallback: "none"}, c.PlacementOf("elephants"))
}

func TestPinned(t *testing.T) {
	t.Parallel()
	c, err := config.Load(config.Options{
		File:    yamlFile(t, "catalog: {url: http://a, remote: 5}\n"),
		Environ: []string{"SHOP_CATALOG_REMOTE=7"},
	})
	require.NoError(t, err)
	require.True(t, c.Pinned("catalog.remote"))
	require.False(t, c.Pinned("catalog.url"))
	require.False(t, c.Pinned("catalog.shadow"))
	require.Equal(t, 7, c.PlacementOf("catalog").Remote)
}

func TestBadPlacement(t *testing.T) {
	t.Parallel()
	const url = "SHOP_CATALOG_URL=http://catalog:8081"
	for name, test := range map[string]struct {
		variables []string
		want      string
	}{
		"UnknownModule":     {[]string{"SHOP_MODULES=email,elephants"}, "SHOP_MODULES: \"email,elephants\" is not allowed: use all, none, users, email, catalog, cart, payments or stats"},
		"AllAndOne":         {[]string{"SHOP_MODULES=all,email"}, "SHOP_MODULES: all and none stand alone, without names beside them"},
		"NoneAndOne":        {[]string{"SHOP_MODULES=email,none"}, "SHOP_MODULES: all and none stand alone, without names beside them"},
		"Scheme":            {[]string{"SHOP_CATALOG_URL=tcp://a"}, "use addresses of internal listeners"},
		"Path":              {[]string{"SHOP_CATALOG_URL=http://a/catalog"}, "without user and path"},
		"User":              {[]string{"SHOP_CATALOG_URL=http://me:secret@a"}, "without user and path"},
		"NoHost":            {[]string{"SHOP_CATALOG_URL=http://"}, "use addresses"},
		"NoSocket":          {[]string{"SHOP_CATALOG_URL=unix:///"}, "use addresses"},
		"SocketHost":        {[]string{"SHOP_CATALOG_URL=unix://run/shop.sock"}, "use addresses"},
		"RemoteTooLarge":    {[]string{url, "SHOP_CATALOG_REMOTE=101"}, "SHOP_CATALOG_REMOTE: \"101\" is not allowed: use a whole number from 0 to 100"},
		"ShadowNegative":    {[]string{url, "SHOP_CATALOG_SHADOW=-1"}, "from 0 to 100"},
		"Fallback":          {[]string{url, "SHOP_CATALOG_FALLBACK=writes"}, "use none or reads"},
		"RemoteNoAddress":   {[]string{"SHOP_CATALOG_REMOTE=5"}, "SHOP_CATALOG_REMOTE: needs the address of another process that hosts catalog: set SHOP_CATALOG_URL"},
		"ShadowNoAddress":   {[]string{"SHOP_CATALOG_SHADOW=5"}, "SHOP_CATALOG_SHADOW: needs the address"},
		"FallbackNoAddress": {[]string{"SHOP_CATALOG_FALLBACK=reads"}, "SHOP_CATALOG_FALLBACK: needs the address"},
		"PartElsewhere":     {[]string{url, "SHOP_MODULES=none", "SHOP_CATALOG_REMOTE=25"}, "SHOP_CATALOG_REMOTE: catalog is not hosted here (modules), so all its calls go"},
		"NoneElsewhere":     {[]string{url, "SHOP_MODULES=none", "SHOP_CATALOG_REMOTE=0"}, "SHOP_CATALOG_REMOTE: catalog is not hosted here"},
		"ShadowElsewhere":   {[]string{url, "SHOP_MODULES=none", "SHOP_CATALOG_SHADOW=5"}, "SHOP_CATALOG_SHADOW: catalog is not hosted here"},
		"FallbackElsewhere": {[]string{url, "SHOP_MODULES=none", "SHOP_CATALOG_FALLBACK=reads"}, "SHOP_CATALOG_FALLBACK: catalog is not hosted here"},
		"NATSScheme":        {[]string{"SHOP_NATS_URL=http://secret@nats"}, "SHOP_NATS_URL: not allowed: use a URL that starts with nats:// or tls:// and names a host"},
		"CertAlone":         {[]string{"SHOP_SERVICE_TLS_CERT=cert.pem"}, "SHOP_SERVICE_TLS_CERT: a certificate and its key go together: set service_tls_key too"},
		"KeyAlone":          {[]string{"SHOP_SERVICE_TLS_KEY=key.pem"}, "SHOP_SERVICE_TLS_KEY: a certificate and its key go together: set service_tls_cert too"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := config.Load(config.Options{File: os.DevNull, Environ: test.variables})
			require.ErrorContains(t, err, test.want)
			require.NotContains(t, err.Error(), "\n")
		})
	}
}

func TestNATSCredentialsAreMasked(t *testing.T) {
	t.Parallel()
	for url, shown := range map[string]string{
		"nats://nats:4222":              "nats://nats:4222",
		"nats://hunter2@nats:4222":      "nats://***@nats:4222",
		"tls://shop:hunter2@nats.local": "tls://shop:***@nats.local",
	} {
		c := load(t, "SHOP_NATS_URL="+url)
		require.Equal(t, shown, setting(t, c, "nats_url").Value)
	}
}
