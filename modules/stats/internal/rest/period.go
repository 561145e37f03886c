package rest

import "time"

// Period is embedded in the input of an operation that reads a period.
type Period struct {
	From   time.Time `query:"from" doc:"The beginning of the period, RFC 3339; 24 hours before its end when left out." example:"2026-11-01T00:00:00Z"`
	To     time.Time `query:"to" doc:"The end of the period, RFC 3339, itself not in it; now when left out." example:"2026-12-01T00:00:00Z"`
	Action string    `query:"action" pattern:"^[a-z0-9][a-z0-9_.:-]{0,99}$" maxLength:"100" doc:"Only this action." example:"product.viewed"`
}
