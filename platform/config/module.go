package config

import (
	"slices"
	"strings"
	"time"

	"shop/platform/money"
)

// allCalls is the share, in percent, of a module that is not hosted here.
const allCalls Percent = 100

// Words of the modules setting that stand for no single module.
const (
	allModules = "all"
	noModules  = "none"
)

// Module holds the settings that every module has.
type Module struct {
	DatabaseURL URL `key:"database_url" allow:"postgres,postgresql" doc:"PostgreSQL database of this module alone"`
	// Targets are without a trailing slash.
	Targets  []string `key:"url" check:"target" doc:"internal listeners of other processes that host this module, such as http://catalog:8081, https://… or unix:///run/shop/catalog.sock"`
	Remote   Percent  `key:"remote" doc:"share of users, in percent, whose calls go to the other processes; empty: 100 where the module is not hosted here, else 0"`
	Shadow   Percent  `key:"shadow" default:"0" doc:"share of reads, in percent, that the other side answers too, to compare"`
	Fallback string   `key:"fallback" default:"none" allow:"none,reads" doc:"what is answered here when the other processes cannot"`
}

// Users holds the settings of the users module.
type Users struct {
	Module
	PasswordMemory int           `key:"password_memory" default:"19" doc:"MiB of memory that hashing a password takes, twice over; 19 is the least that OWASP advises"`
	GuestTTL       time.Duration `key:"guest_ttl" default:"720h" doc:"how long an unused session of a guest stays valid; then he and his cart are removed"`
}

// Cart holds the settings of the cart module.
type Cart struct {
	Module
	TaxRate          money.Rate    `key:"tax_rate" default:"0" doc:"tax on goods and shipping, as a decimal percentage such as 19 or 7.7"`
	TaxIncluded      bool          `key:"tax_included" default:"true" doc:"whether prices and shipping include the tax"`
	ShippingRate     MinorUnits    `key:"shipping_rate" default:"0" doc:"what shipping costs, in minor units of the shop's currency; carts in another currency are shipped free"`
	ShippingFreeFrom MinorUnits    `key:"shipping_free_from" default:"0" doc:"value of the goods, less the discount, from which shipping is free, in minor units; 0: never"`
	PayWithin        time.Duration `key:"pay_within" default:"24h" doc:"how long an invoice may stay unpaid before it becomes void and the goods are for sale again"`
}

// Payments holds the settings of the payments module.
type Payments struct {
	Module
	Provider         string `key:"provider" default:"sandbox" allow:"sandbox,stripe" doc:"who charges the customer; sandbox moves no money"`
	InvoiceSeries    string `key:"invoice_series" doc:"what the numbers of invoices begin with; empty: the year"`
	CreditNoteSeries string `key:"credit_note_series" doc:"what the numbers of credit notes begin with; empty: CN and the year"`
	Seller           string `key:"seller" doc:"who sells, as invoices say it: name, address and tax number, a line each"`
	// The webhook secrets are of one endpoint each: without, webhooks are refused.
	StripeKey            Secret `key:"stripe_key" doc:"secret key (sk_… or rk_…) of the account at Stripe; needed with provider stripe"`
	StripeWebhookSecret  Secret `key:"stripe_webhook_secret" doc:"signing secret (whsec_…) of the endpoint at Stripe that sends to /webhooks/stripe; empty: webhooks are refused"`
	StripeAPIURL         URL    `key:"stripe_api_url" allow:"http,https" doc:"where Stripe's API is, for tests against something else; empty: Stripe"`
	SandboxWebhookSecret Secret `key:"sandbox_webhook_secret" doc:"signing secret of webhooks at /webhooks/sandbox, signed as Stripe signs its own; empty: webhooks are refused"`
}

// Stats holds the settings of the statistics module.
type Stats struct {
	Module
	Retention time.Duration `key:"retention" doc:"how long recorded actions are kept, such as 9600h for 400 days, in whole days and at least one; their counts per hour stay; empty: for ever"`
}

// Placement says where a module's calls go.
type Placement struct {
	// Targets are the addresses of other processes' internal listeners, without a
	// trailing slash; none when the module is nowhere else.
	Targets []string
	// Remote and Shadow are shares in percent.
	Remote, Shadow int
	// Fallback is "none" or "reads".
	Fallback string
}

// modules are the settings of each module by its name.
func (c *Config) modules() map[string]*Module {
	return map[string]*Module{
		"users": &c.Users.Module, "email": &c.Email, "catalog": &c.Catalog,
		"cart": &c.Cart.Module, "payments": &c.Payments.Module, "stats": &c.Stats.Module,
	}
}

// moduleOf holds the settings of the named module, all empty when there is none.
func (c *Config) moduleOf(name string) Module {
	if m := c.modules()[name]; m != nil {
		return *m
	}
	return Module{}
}

// DatabaseURLOf is the database of the named module: its own, else the one of
// all; empty means SQLite under DataDir.
func (c *Config) DatabaseURLOf(module string) string {
	if own := c.moduleOf(module).DatabaseURL; own != "" {
		return string(own)
	}
	return string(c.DatabaseURL)
}

// Hosts reports whether the named module is part of this process.
func (c *Config) Hosts(module string) bool {
	known := c.modules()[module] != nil
	return known && (slices.Contains(c.Modules, allModules) || slices.Contains(c.Modules, module))
}

// PlacementOf is where the named module's calls go when nobody has changed it
// since: all of them to the targets when the module is not hosted here.
func (c *Config) PlacementOf(module string) Placement {
	m := c.moduleOf(module)
	if !c.Hosts(module) {
		return Placement{Targets: m.Targets, Remote: int(allCalls), Fallback: "none"}
	}
	return Placement{Targets: m.Targets, Remote: int(m.Remote), Shadow: int(m.Shadow), Fallback: m.Fallback}
}

// Pinned reports whether the environment sets the setting with the key, so that
// the settings file cannot change it.
func (c *Config) Pinned(key string) bool { return c.source(key) == SourceEnvironment }

// EnvOf is the variable of the setting with the key.
func EnvOf(key string) string { return (&field{key: key}).env() }

// validatePlacement reports what is hosted and where calls go that do not fit
// together.
func (c *Config) validatePlacement() []Problem {
	var problems []Problem
	if len(c.Modules) > 1 && (slices.Contains(c.Modules, allModules) || slices.Contains(c.Modules, noModules)) {
		problems = append(problems, Problem{Name: c.nameOf("modules"), Message: "all and none stand alone, without names beside them"})
	}
	modules := c.modules()
	for _, name := range sortedKeys(modules) {
		m := modules[name]
		refuse := func(key, message string) {
			problems = append(problems, Problem{Name: c.nameOf(name + "." + key), Message: message})
		}
		for key, used := range map[string]bool{"remote": m.Remote > 0, "shadow": m.Shadow > 0, "fallback": m.Fallback != "none"} {
			if used && len(m.Targets) == 0 {
				refuse(key, "needs the address of another process that hosts "+name+": set "+EnvOf(name+".url"))
			}
			if used && key != "remote" && !c.Hosts(name) {
				refuse(key, name+" is not hosted here (modules), so there is no other side: leave it out")
			}
		}
		if given := c.source(name+".remote") != SourceDefault; given && m.Remote < allCalls && !c.Hosts(name) {
			refuse("remote", name+" is not hosted here (modules), so all its calls go to other processes: leave it out or use 100")
		}
	}
	slices.SortFunc(problems, func(a, b Problem) int { return strings.Compare(a.Name, b.Name) })
	return problems
}
