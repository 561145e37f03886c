package module

import (
	"context"
	"net/http"

	"shop/platform/httpapi"
	"shop/platform/remote"
)

// helloOutput is what a process says of a module that it hosts.
type helloOutput struct{ Body remote.Hello }

// RegisterHello declares the operation with which another process greets a
// module before it calls it. build is this process's build.
func RegisterHello(api *httpapi.API, m Module, build string) {
	httpapi.Handle(api, httpapi.Operation{
		ID: "greet-" + m.Name, Method: http.MethodGet, Path: "/internal/" + m.Name + "/hello", Module: m.Name,
		Summary: "Say which contract is spoken and which database is read", Access: httpapi.Internal, Routine: true,
	}, func(ctx context.Context, _ *struct{}) (*helloOutput, error) {
		identity, err := m.DB.Identity(ctx)
		if err != nil {
			return nil, err //nolint:wrapcheck // says what it is about
		}
		hello := remote.Hello{Module: m.Name, Contract: m.Contract.Newest, OldestContract: m.Contract.Oldest, Build: build}
		hello.Database.ID, hello.Database.Epoch = identity.ID, identity.Epoch
		return &helloOutput{Body: hello}, nil
	})
}
