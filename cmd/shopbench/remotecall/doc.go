// Package remotecall weighs a call of a module in another process against the
// same call with grpc-go, and against a bare round trip of the same bytes with
// net/http and JSON.
//
// It is a Go module of its own, so that grpc-go stays out of the product's. The
// code of catalogpb is made from catalog.proto without protoc; `make verify`
// proves that it is up to date.
package remotecall

//go:generate go run ./gen -out catalogpb catalog.proto
