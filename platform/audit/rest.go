package audit

import (
	"context"
	"net/http"
	"time"

	"shop/platform/contract"
	"shop/platform/fault"
	"shop/platform/httpapi"
	"shop/platform/remote"
)

// patience is how long a module in another process may take: a little less than
// a request may.
const patience = 25 * time.Second

// AuditRequest is an Input on the wire.
type AuditRequest struct { //nolint:revive // the name is the schema's in the OpenAPI document
	Repair bool   `json:"repair,omitempty" doc:"Mend what can be mended; without it nothing is changed." example:"false"`
	MinAge string `json:"min_age,omitempty" maxLength:"30" doc:"What happened less long ago is left alone where modules are compared; 1m when left out." example:"1m0s"`
}

// AuditReport is a Report on the wire.
type AuditReport struct { //nolint:revive // as above
	Checked  map[string]int64 `json:"checked" nullable:"false" doc:"How many things each check looked at." example:"{\"catalog.stock_level\":60}"`
	Findings []AuditFinding   `json:"findings" nullable:"false"`
}

// AuditFinding is a Finding on the wire.
type AuditFinding struct { //nolint:revive // as above
	Check    string `json:"check" doc:"What was compared." example:"catalog.stock_level"`
	Subject  string `json:"subject" doc:"The identifier of what differs." example:"prod_01h455vb4pex5vsknk084sn02q"`
	Want     string `json:"want" doc:"What it should be." example:"10"`
	Got      string `json:"got" doc:"What it is." example:"9"`
	Repaired bool   `json:"repaired" doc:"It is as it should be now." example:"false"`
}

// NewAuditReport is a report on the wire.
func NewAuditReport(r Report) AuditReport {
	wire := AuditReport{Checked: r.Checked, Findings: make([]AuditFinding, len(r.Findings))}
	if wire.Checked == nil {
		wire.Checked = map[string]int64{}
	}
	for i, f := range r.Findings {
		wire.Findings[i] = AuditFinding(f)
	}
	return wire
}

func (r AuditReport) value() Report {
	report := Report{Checked: r.Checked}
	for _, f := range r.Findings {
		report.Found(Finding(f))
	}
	return report
}

type verifyInput struct{ Body AuditRequest }

type verifyOutput struct{ Body AuditReport }

// Register declares POST /internal/<module>/verify, for services and
// administrators. verify is that of the module's face.
func Register(api *httpapi.API, module string, verify func(context.Context, Input) (Report, error)) {
	httpapi.Handle(api, httpapi.Operation{
		ID: "audit-" + module, Method: http.MethodPost, Path: pathOf(module), Module: module,
		Summary: "Compare what the module has written down with itself and with the other modules", Access: httpapi.Internal,
		Description: "Changes nothing without `repair`.",
	}, func(ctx context.Context, in *verifyInput) (*verifyOutput, error) {
		input := Input{Repair: in.Body.Repair, MinAge: DefaultMinAge}
		if text := in.Body.MinAge; text != "" {
			var err error
			if input.MinAge, err = time.ParseDuration(text); err != nil || input.MinAge < 0 {
				return nil, fault.InvalidField("body.min_age", "must be a duration such as 1m or 90s")
			}
		}
		report, err := verify(ctx, input)
		if err != nil {
			return nil, err
		}
		return &verifyOutput{NewAuditReport(report)}, nil
	})
}

// Call is Verify of a module in another process, for its client. Errors are
// those of the module's Verify, and those of remote.Client.Do.
func Call(ctx context.Context, client *remote.Client, module string, in Input) (Report, error) {
	var wire AuditReport
	_, err := client.Do(ctx, remote.Call{
		Does:   contract.Method{Module: module, Name: "Verify", Class: contract.Write},
		Method: http.MethodPost, Path: pathOf(module), Patience: patience,
		Body: AuditRequest{Repair: in.Repair, MinAge: in.MinAge.String()}, Result: &wire,
	})
	if err != nil {
		return Report{}, err //nolint:wrapcheck // it is the module's own error
	}
	return wire.value(), nil
}

func pathOf(module string) string { return "/internal/" + module + "/verify" }
