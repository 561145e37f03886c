package config_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"shop/platform/config"
)

// yamlFile writes text to a settings file and returns its path.
func yamlFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "shop.yaml")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

// setting is the described setting with the key.
func setting(t *testing.T, c config.Config, key string) config.Setting {
	t.Helper()
	for _, s := range c.Describe() {
		if s.Key == key {
			return s
		}
	}
	require.Fail(t, "no setting has the key "+key)
	return config.Setting{}
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	c, err := config.Default()
	require.NoError(t, err)
	require.Equal(t, ":8080", c.HTTPAddr)
	require.Equal(t, "127.0.0.1:8081", c.InternalAddr)
	require.Equal(t, "./data", c.DataDir)
	require.Empty(t, c.DatabaseURLOf("catalog"))
	require.Equal(t, config.URL("http://localhost:8080"), c.PublicURL)
	require.Equal(t, config.Rate{Limit: 60, Per: time.Minute}, c.RateLimitRegistration)
	require.Equal(t, config.Rate{}, c.RateLimitRequests)
	require.Equal(t, 720*time.Hour, c.SessionTTL)
	require.True(t, c.Migrate)
	require.Equal(t, "sandbox", c.Payments.Provider)
	for _, s := range c.Describe() {
		require.Equal(t, config.SourceDefault, s.Source, s.Key)
		require.NotEmpty(t, s.Doc, s.Key)
	}
}

func TestEnvironmentWinsOverFileWinsOverDefault(t *testing.T) {
	t.Parallel()
	path := yamlFile(t, `
http_addr: :9000
log_level: warn
migrate: false
cors_origins: [https://a.example, https://b.example]
trusted_proxies: 10.1.2.3/8
catalog:
  database_url: postgres://shop:from-file@db/catalog
payments:
`)
	c, err := config.Load(config.Options{
		File: path,
		Environ: []string{
			"HOME=/home/shop", "SHOP_LOG_LEVEL=debug", "SHOP_MAIL_FROM=",
			"SHOP_DATABASE_URL=postgres://shop:from-env@db/shop", "SHOP_TEST_POSTGRES_URL=postgres://x",
			"SHOP_PAYMENTS_DATABASE_URL=postgres://pay@db/pay",
		},
	})
	require.NoError(t, err)
	require.Equal(t, ":9000", c.HTTPAddr)
	require.Equal(t, "debug", c.LogLevel)
	require.False(t, c.Migrate)
	require.Equal(t, []string{"https://a.example", "https://b.example"}, c.CORSOrigins)
	require.Equal(t, "10.0.0.0/8", setting(t, c, "trusted_proxies").Value)
	require.Equal(t, "Shop <shop@localhost>", c.MailFrom, "an empty variable is none")
	require.Equal(t, "postgres://shop:from-file@db/catalog", c.DatabaseURLOf("catalog"))
	require.Equal(t, "postgres://pay@db/pay", c.DatabaseURLOf("payments"))
	require.Equal(t, "postgres://shop:from-env@db/shop", c.DatabaseURLOf("users"))

	require.Equal(t, "shop.yaml", setting(t, c, "http_addr").Source)
	require.Equal(t, config.SourceEnvironment, setting(t, c, "log_level").Source)
	require.Equal(t, config.SourceDefault, setting(t, c, "data_dir").Source)
}

func TestSecretsAreMasked(t *testing.T) {
	t.Parallel()
	c, err := config.Load(config.Options{File: os.DevNull, Environ: []string{
		"SHOP_ADMIN_PASSWORD=hunter2hunter2",
		"SHOP_DATABASE_URL=postgres://shop:hunter2@db:5432/shop?sslmode=disable&sslpassword=hunter2",
		"SHOP_SMTP_URL=smtps://me%40example.com:hunter2@mail.example.com",
		"SHOP_SERVICE_KEYS=k1:aHVudGVyMmh1bnRlcjJodW50ZXIyaHVudGVyMmh1bnRlcjI=",
	}})
	require.NoError(t, err)
	require.Equal(t, "***", setting(t, c, "admin_password").Value)
	require.Equal(t, "postgres://shop:***@db:5432/shop?sslmode=disable&sslpassword=***", setting(t, c, "database_url").Value)
	require.Equal(t, "smtps://me%40example.com:***@mail.example.com", setting(t, c, "smtp_url").Value)
	require.Equal(t, "k1:***", setting(t, c, "service_keys").Value)
	require.Equal(t, config.Secret("hunter2hunter2"), c.AdminPassword)
}

func TestEveryProblemIsReportedAtOnce(t *testing.T) {
	t.Parallel()
	path := yamlFile(t, "log_levl: info\ncart: yes please\ncurrency: euro\nhttp_addr: {host: x}\n")
	_, err := config.Load(config.Options{File: path, Environ: []string{
		"SHOP_HTTP_ADR=:9000", "SHOP_LOG_LEVEL=loud", "SHOP_SMTP_URL=http://user:hunter2@x", "SHOP_ELEPHANT_COUNT_MAXIMUM=1",
	}})
	var problems *config.Error
	require.ErrorAs(t, err, &problems)
	require.Equal(t, path+": cart: takes no value itself, but keys beneath it such as cart.database_url\n"+
		path+": http_addr.host: unknown key; did you mean http_addr?\n"+
		path+": log_levl: unknown key; did you mean log_level?\n"+
		"SHOP_ELEPHANT_COUNT_MAXIMUM: unknown setting; `shop config` lists all settings\n"+
		"SHOP_HTTP_ADR: unknown setting; did you mean SHOP_HTTP_ADDR?\n"+
		"SHOP_LOG_LEVEL: \"loud\" is not allowed: use debug, info, warn or error\n"+
		"SHOP_SMTP_URL: not allowed: use a URL that starts with smtp:// or smtps:// and names a host\n"+
		path+": currency: \"euro\" is not allowed: use an ISO 4217 code such as EUR", err.Error())
}

func TestBadValues(t *testing.T) {
	t.Parallel()
	for variable, allowed := range map[string]string{
		"SHOP_HTTP_ADDR=8080":                      "host:port",
		"SHOP_HTTP_ADDR=:http":                     "port from 0",
		"SHOP_HTTP_ADDR=:65536":                    "to 65535",
		"SHOP_INTERNAL_ADDR=:8080":                 "addresses of their own",
		"SHOP_DATABASE_URL=mysql://db/shop":        "postgres://",
		"SHOP_STATS_DATABASE_URL=db":               "postgres://",
		"SHOP_ADMIN_EMAIL=nobody":                  "e-mail address",
		"SHOP_LOG_FORMAT=xml":                      "text or json",
		"SHOP_MIGRATE=maybe":                       "true or false",
		"SHOP_CORS_ORIGINS=https://a.example/path": "without a path",
		"SHOP_TRUSTED_PROXIES=10.0.0.0/8,proxy":    "10.0.0.0/8",
		"SHOP_RATE_LIMIT_REGISTRATION=60":          "60/1m",
		"SHOP_RATE_LIMIT_REGISTRATION=-1/1m":       "60/1m",
		"SHOP_RATE_LIMIT_PASSWORD_RESET=60/0s":     "60/1m",
		"SHOP_SESSION_TTL=-1h":                     "above zero",
		"SHOP_SHUTDOWN_TIMEOUT=soon":               "30s",
		"SHOP_SERVICE_KEYS=k1:dG9vIHNob3J0":        "32 random bytes",
		"SHOP_PAYMENTS_PROVIDER=cash":              "use sandbox or stripe",
		"SHOP_PAYMENTS_PROVIDER=stripe":            "set SHOP_PAYMENTS_STRIPE_KEY",
		"SHOP_PUBLIC_URL=shop.example.com":         "http:// or https://",
	} {
		t.Run(variable, func(t *testing.T) {
			t.Parallel()
			_, err := config.Load(config.Options{File: os.DevNull, Environ: []string{variable}})
			require.ErrorContains(t, err, allowed)
		})
	}
}

func TestBadFiles(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"NoYAML":   "a: [",
		"List":     "- http_addr",
		"Twice":    "http_addr: :1\nhttp_addr: :2\n",
		"Scalar":   "just text",
		"Numbered": "1: x\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := yamlFile(t, text)
			_, err := config.Load(config.Options{File: path})
			require.ErrorContains(t, err, path+": ")
			require.NotContains(t, err.Error(), "\n")
		})
	}
}

func TestFile(t *testing.T) {
	inDirectory := func(t *testing.T, text string) {
		t.Helper()
		t.Chdir(t.TempDir())
		if text != "" {
			require.NoError(t, os.WriteFile(config.DefaultFile, []byte(text), 0o600))
		}
	}
	t.Run("DefaultIsReadWhenItExists", func(t *testing.T) {
		inDirectory(t, "log_level: error")
		c, err := config.Load(config.Options{})
		require.NoError(t, err)
		require.Equal(t, "error", c.LogLevel)
		require.Equal(t, "shop.yaml", c.File)
	})
	t.Run("DefaultMayBeMissing", func(t *testing.T) {
		inDirectory(t, "")
		c, err := config.Load(config.Options{})
		require.NoError(t, err)
		require.Empty(t, c.File)
	})
	t.Run("EmptyIsFine", func(t *testing.T) {
		inDirectory(t, "# nothing yet\n")
		_, err := config.Load(config.Options{})
		require.NoError(t, err)
	})
	t.Run("NamedByVariable", func(t *testing.T) {
		inDirectory(t, "log_level: error")
		c, err := config.Load(config.Options{Environ: []string{"SHOP_CONFIG=" + yamlFile(t, "log_level: warn")}})
		require.NoError(t, err)
		require.Equal(t, "warn", c.LogLevel)
	})
	t.Run("NamedFileMustExist", func(t *testing.T) {
		inDirectory(t, "")
		_, err := config.Load(config.Options{File: "missing.yaml"})
		require.EqualError(t, err, `--config: there is no file "missing.yaml"`)
		_, err = config.Load(config.Options{Environ: []string{"SHOP_CONFIG=missing.yaml"}})
		require.EqualError(t, err, `SHOP_CONFIG: there is no file "missing.yaml"`)
	})
}

func TestKubernetesLinksAreNoMistakes(t *testing.T) {
	t.Parallel()
	links := []string{
		"SHOP_SERVICE_HOST=10.0.0.1", "SHOP_SERVICE_PORT=80", "SHOP_SERVICE_PORT_HTTP=80", "SHOP_PORT=tcp://10.0.0.1:80",
		"SHOP_PORT_80_TCP=tcp://10.0.0.1:80", "SHOP_PORT_80_TCP_ADDR=10.0.0.1", "SHOP_CATALOG_SERVICE_HOST=10.0.0.2",
	}
	_, err := config.Load(config.Options{File: os.DevNull, Environ: append(links, "KUBERNETES_SERVICE_HOST=10.0.0.1")})
	require.NoError(t, err)
	_, err = config.Load(config.Options{File: os.DevNull, Environ: links})
	require.ErrorContains(t, err, "SHOP_SERVICE_HOST")
}

func TestBaseURL(t *testing.T) {
	t.Parallel()
	for addr, want := range map[string]string{
		":8080": "http://localhost:8080", "0.0.0.0:80": "http://localhost", "[::]:8080": "http://localhost:8080",
		"[::1]:8080": "http://[::1]:8080", "shop.example:8080": "http://shop.example:8080",
	} {
		require.Equal(t, want, config.BaseURL(addr))
	}
}

// A password in a value that is refused is not repeated.
func TestLoad_RefusedPassword(t *testing.T) {
	t.Parallel()
	for variable, want := range map[string]string{
		"SHOP_CATALOG_URL=http://u:p/w@x":             `SHOP_CATALOG_URL: "http://***@x" is not allowed`,
		"SHOP_CATALOG_URL=http://a,http://u:p@w@x:80": `SHOP_CATALOG_URL: "http://***@x:80" is not allowed`,
		"SHOP_CATALOG_URL=u:p@x":                      `SHOP_CATALOG_URL: "***@x" is not allowed`,
		"SHOP_CORS_ORIGINS=https://u:p@shop.example":  `SHOP_CORS_ORIGINS: "https://***@shop.example" is not allowed`,
		"SHOP_MAIL_FROM=Shop <shop@example.com":       `SHOP_MAIL_FROM: "Shop <shop@example.com" is not allowed`,
	} {
		t.Run(variable, func(t *testing.T) {
			t.Parallel()
			_, err := config.Load(config.Options{File: os.DevNull, Environ: []string{variable}})
			require.ErrorContains(t, err, want)
		})
	}
}
