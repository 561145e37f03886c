module shop/tools/apilint

go 1.26.0

tool shop/tools/apilint

require (
	github.com/santhosh-tekuri/jsonschema/v6 v6.0.3
	github.com/speakeasy-api/openapi v1.26.3
	github.com/stretchr/testify v1.12.1
)

require (
	github.com/speakeasy-api/jsonpath v0.6.3 // indirect
	go.yaml.in/yaml/v3 v3.0.6 // indirect
	golang.org/x/sync v0.24.0 // indirect
	golang.org/x/text v0.43.0 // indirect
)

// Not every module proxy serves this version. Only a test of speakeasy-api/openapi needs it at all,
// which `go mod tidy` wants to see.
exclude github.com/speakeasy-api/jsonpath v0.7.0
