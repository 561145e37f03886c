package placement

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"shop/platform/fault"
	"shop/platform/flip"
	"shop/platform/httpapi"
)

// Register declares the operations with which operators look at the modules'
// placement and change it.
func Register(api *httpapi.API, c *Controller) {
	h := handlers{c}
	httpapi.Handle(api, httpapi.Operation{
		ID: "list-modules", Method: http.MethodGet, Path: "/internal/modules", Module: "shop",
		Summary: "Show where the calls of each module go", Access: httpapi.Internal,
	}, h.list)
	httpapi.Handle(api, httpapi.Operation{
		ID: "get-module", Method: http.MethodGet, Path: "/internal/modules/{module}", Module: "shop",
		Summary: "Show where the calls of a module go", Access: httpapi.Internal,
	}, h.get)
	httpapi.Handle(api, httpapi.Operation{
		ID: "place-module", Method: http.MethodPatch, Path: "/internal/modules/{module}", Module: "shop",
		Summary: "Change where the calls of a module go", Access: httpapi.Internal,
		Description: "Calls under way end where they began. What is left out stays as it is, but for `abort_on` and `ramp`, which belong to one change. " +
			"A share between 0 and 100, `shadow`, `fallback`, `abort_on` and `ramp` need both sides to read the same database; they are refused with `different_database` when they do not.",
		Errors: []int{
			http.StatusBadRequest, http.StatusConflict, http.StatusRequestEntityTooLarge,
			http.StatusUnsupportedMediaType, http.StatusServiceUnavailable,
		},
	}, h.change)
}

type handlers struct{ controller *Controller }

// ModuleStates are all modules.
type ModuleStates struct {
	Items []ModuleState `json:"items" nullable:"false"`
}

type listOutput struct{ Body ModuleStates }

func (h handlers) list(ctx context.Context, _ *struct{}) (*listOutput, error) {
	return &listOutput{ModuleStates{h.controller.Modules(ctx)}}, nil
}

type getInput struct {
	Module string `path:"module" maxLength:"20" doc:"The module." example:"catalog"`
}

type stateOutput struct{ Body ModuleState }

func (h handlers) get(ctx context.Context, in *getInput) (*stateOutput, error) {
	state, err := h.controller.Module(ctx, in.Module)
	if err != nil {
		return nil, err
	}
	return &stateOutput{state}, nil
}

// ModuleChange is a change of a module's placement.
type ModuleChange struct {
	Remote   *int    `json:"remote,omitempty" minimum:"0" maximum:"100" doc:"Share of users, in percent, whose calls go to other processes." example:"25"`
	Shadow   *int    `json:"shadow,omitempty" minimum:"0" maximum:"100" doc:"Share of reads, in percent, that the other side answers too, to compare." example:"5"`
	Fallback *string `json:"fallback,omitempty" enum:"none,reads" doc:"What is answered here when the other processes cannot." example:"reads"`
	AbortOn  string  `json:"abort_on,omitempty" maxLength:"200" doc:"Limits of the remote side; when one is exceeded, the shares go back to what they were. errors, p50 and p99 are those of about the last ten seconds and need 20 calls; mismatch and fallbacks are all since the change." example:"errors>1%,p99>250ms,mismatch>0"`
	Ramp     []Step  `json:"ramp,omitempty" maxItems:"100" nullable:"false" doc:"Shares to rise by, ascending within 1 to 100, in the place of remote." example:"[1,5,25,50,100]"`
	Every    string  `json:"every,omitempty" maxLength:"20" doc:"How long each step of the ramp stays, at least 1s; 30s when left out." example:"30s"`
}

// Step is one share of a ramp, in percent.
type Step int

// Schema implements huma.SchemaProvider: the tags of a list say nothing of its
// items.
func (Step) Schema(huma.Registry) *huma.Schema {
	least, most := 1.0, 100.0
	return &huma.Schema{Type: huma.TypeInteger, Format: "int32", Minimum: &least, Maximum: &most}
}

// NewModuleChange is a change on the wire.
func NewModuleChange(c Change) ModuleChange {
	b := ModuleChange{Remote: c.Remote, Shadow: c.Shadow, AbortOn: c.AbortOn.String()}
	if c.Fallback != nil {
		b.Fallback = new(c.Fallback.String())
	}
	for _, step := range c.Ramp {
		b.Ramp = append(b.Ramp, Step(step))
	}
	if c.Every > 0 {
		b.Every = c.Every.String()
	}
	return b
}

// change is the operator's change that the body is.
func (b ModuleChange) change() (Change, error) {
	c := Change{Remote: b.Remote, Shadow: b.Shadow}
	for _, step := range b.Ramp {
		c.Ramp = append(c.Ramp, int(step))
	}
	var err error
	if c.AbortOn, err = ParseGuards(b.AbortOn); err != nil {
		return Change{}, fault.InvalidField("body.abort_on", err.Error())
	}
	if b.Every != "" {
		if c.Every, err = time.ParseDuration(b.Every); err != nil || c.Every <= 0 {
			return Change{}, fault.InvalidField("body.every", "expected a duration such as 30s or 5m")
		}
	}
	if b.Fallback != nil {
		c.Fallback = new(flip.Fallback)
		if err := c.Fallback.UnmarshalText([]byte(*b.Fallback)); err != nil {
			return Change{}, fault.InvalidField("body.fallback", err.Error())
		}
	}
	return c, nil
}

type changeInput struct {
	Module string `path:"module" maxLength:"20" doc:"The module." example:"catalog"`
	Body   ModuleChange
}

func (h handlers) change(ctx context.Context, in *changeInput) (*stateOutput, error) {
	change, err := in.Body.change()
	if err != nil {
		return nil, err
	}
	state, err := h.controller.Change(ctx, in.Module, change)
	if err != nil {
		return nil, err
	}
	return &stateOutput{state}, nil
}
