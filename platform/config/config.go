// Package config reads the settings of the shop: from SHOP_… environment
// variables and from an optional shop.yaml, where the environment wins. Every
// setting is declared once, as a field of Config with its key, default, what is
// allowed and what it is for; reading, checking, `shop config` and the table in
// the README follow from that.
package config

import (
	"fmt"
	"net"
	"net/netip"
	"time"

	"shop/platform/money"
	"shop/platform/serviceauth"
)

// Config is the effective configuration. Get one from Load, which fills in the
// defaults; Default is what an empty environment gives.
//
// The tags declare a setting: `key` is its place in shop.yaml and, in upper
// case after SHOP_, its variable; `default` is text as a user would write it;
// `allow` lists the values or, for a URL, its schemes; `check` names a rule of
// parse.go; `doc` is one line for operators.
type Config struct {
	HTTPAddr     string `key:"http_addr" default:":8080" check:"address" doc:"address of the public API"`
	InternalAddr string `key:"internal_addr" default:"127.0.0.1:8081" check:"internal address" doc:"address of the internal listener: service calls, metrics, health, administration; host:port, or unix:///path of a socket"`
	PublicURL    URL    `key:"public_url" allow:"http,https" doc:"where customers reach the shop, for links in e-mails; made from http_addr when empty"`

	DataDir     string `key:"data_dir" default:"./data" doc:"directory of the SQLite databases, the service key and e-mails that are not sent"`
	DatabaseURL URL    `key:"database_url" allow:"postgres,postgresql" doc:"PostgreSQL database of all modules; empty: SQLite under data_dir"`
	// DatabaseConnections is per module: six modules on one server open at most
	// six times as many.
	DatabaseConnections int `key:"database_connections" default:"16" doc:"most connections to PostgreSQL per module; times 6 modules and the number of replicas it must stay below the server's max_connections"`

	// Modules names what this process hosts; Hosts reads it.
	Modules []string `key:"modules" default:"all" allow:"all,none,users,email,catalog,cart,payments,stats" doc:"modules that this process hosts; none makes it a front of remote ones"`
	NATSURL URL      `key:"nats_url" allow:"nats,tls" doc:"NATS server with JetStream, which carries events between processes, and changes of the modules' placement to all replicas"`

	Migrate bool `key:"migrate" default:"true" doc:"serve brings the databases up to date before it starts"`

	AdminEmail    string `key:"admin_email" check:"email" doc:"e-mail address of the first administrator, made when there is none"`
	AdminPassword Secret `key:"admin_password" doc:"password of the first administrator; made up and shown once when empty"`

	LogFormat string `key:"log_format" allow:"text,json" doc:"format of the log; empty: text on a terminal, else json"`
	LogLevel  string `key:"log_level" default:"info" allow:"debug,info,warn,error" doc:"least severe level that is logged"`

	SMTPURL  URL    `key:"smtp_url" allow:"smtp,smtps" doc:"mail server, such as smtp://user:password@mail.example.com:587?starttls=required; empty: e-mails become files under data_dir"`
	MailFrom string `key:"mail_from" default:"Shop <shop@localhost>" check:"email" doc:"sender of the shop's e-mails"`

	Currency money.Currency `key:"currency" default:"EUR" doc:"ISO 4217 currency of the demo products and of imports that name none"`

	CORSOrigins    []string       `key:"cors_origins" check:"origin" doc:"web origins whose pages may call the API, such as https://shop.example.com; * for all"`
	TrustedProxies []netip.Prefix `key:"trusted_proxies" doc:"networks whose X-Forwarded-For is believed, such as 10.0.0.0/8"`

	RateLimitRegistration   Rate `key:"rate_limit_registration" default:"60/1m" doc:"registrations per address"`
	RateLimitGuests         Rate `key:"rate_limit_guests" default:"60/1m" doc:"sessions of new guests per address"`
	RateLimitSignInFailures Rate `key:"rate_limit_sign_in_failures" default:"60/1m" doc:"failed sign-ins per address"`
	RateLimitPasswordReset  Rate `key:"rate_limit_password_reset" default:"60/1m" doc:"requests for a password reset per address"`
	RateLimitRequests       Rate `key:"rate_limit_requests" default:"off" doc:"requests of any kind per address"`

	SessionTTL      time.Duration    `key:"session_ttl" default:"720h" doc:"how long an unused session stays valid"`
	ServiceKeys     serviceauth.Keys `key:"service_keys" doc:"keys of service tokens as name:base64, the first signs, all verify; empty: made once under data_dir"`
	ServiceTLSCert  string           `key:"service_tls_cert" doc:"PEM file of the certificate that this process shows to other processes of the shop, as server and as client"`
	ServiceTLSKey   string           `key:"service_tls_key" doc:"PEM file of its private key"`
	ServiceTLSCA    string           `key:"service_tls_ca" doc:"PEM file of the authorities that sign the certificates of the shop's processes; empty: those of the system"`
	ShutdownTimeout time.Duration    `key:"shutdown_timeout" default:"20s" doc:"how long requests in flight may take after the signal to stop"`

	Users    Users    `key:"users"`
	Email    Module   `key:"email"`
	Catalog  Module   `key:"catalog"`
	Cart     Cart     `key:"cart"`
	Payments Payments `key:"payments"`
	Stats    Stats    `key:"stats"`

	// File is the settings file that was read, empty when there was none.
	File string

	options Options // where Load read from
	sources map[string]string
}

// derive fills in what follows from other settings.
func (c *Config) derive() {
	if c.PublicURL == "" {
		c.PublicURL = URL(BaseURL(c.HTTPAddr))
	}
	for name, m := range c.modules() {
		if !c.Hosts(name) {
			m.Remote = allCalls
		}
	}
}

// validate reports what only several settings together get wrong.
func (c *Config) validate() []Problem {
	var problems []Problem
	if _, port, _ := net.SplitHostPort(c.HTTPAddr); c.HTTPAddr == c.InternalAddr && port != "0" {
		problems = append(problems, Problem{
			Name:    c.nameOf("internal_addr"),
			Message: fmt.Sprintf("%q is http_addr too: the two listeners need addresses of their own", c.InternalAddr),
		})
	}
	if (c.ServiceTLSCert == "") != (c.ServiceTLSKey == "") {
		given, missing := "service_tls_cert", "service_tls_key"
		if c.ServiceTLSCert == "" {
			given, missing = missing, given
		}
		problems = append(problems, Problem{
			Name: c.nameOf(given), Message: "a certificate and its key go together: set " + missing + " too",
		})
	}
	if c.Payments.Provider == "stripe" && c.Payments.StripeKey == "" && c.Hosts("payments") {
		problems = append(problems, Problem{
			Name: c.nameOf("payments.provider"), Message: "stripe needs the account's secret key: set " + EnvOf("payments.stripe_key"),
		})
	}
	return append(problems, c.validatePlacement()...)
}

// BaseURL is the URL at which a listener on addr ("host:port") is reached from
// the same machine: a wildcard host becomes localhost.
func BaseURL(addr string) string {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return "http://" + addr
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	if port == "80" {
		return "http://" + host
	}
	return "http://" + net.JoinHostPort(host, port)
}
