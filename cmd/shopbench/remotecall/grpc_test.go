package remotecall_test

import (
	"context"
	"crypto/subtle"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	"shop/cmd/shopbench/remotecall/catalogpb"
	"shop/modules/catalog"
	"shop/platform/money"
)

const (
	// serviceToken is as long as those of the shop; the server compares it only.
	serviceToken = "Bearer eyJhbGciOiJIUzI1NiIsImtpZCI6InRlc3QiLCJ0eXAiOiJKV1QifQ." +
		"eyJhdWQiOlsiY2F0YWxvZyJdLCJleHAiOjE3OTU1MTgxMjMsInN1YiI6InVzZXJfMDFoNDU1dmI0cGV4NXZza25rMDg0c24wMnEifQ." +
		"dBjftJeZ4CVPmB92K27uhbUJU1p1r_wW1gFWFOEjXk0"
	// callLimit is that of the shop's calls.
	callLimit = 5 * time.Second
)

// grpcCatalog answers with the one product that it has.
type grpcCatalog struct {
	catalogpb.UnimplementedCatalogServer
	product *catalogpb.Product
}

// GetProduct implements catalogpb.CatalogServer.
func (c *grpcCatalog) GetProduct(_ context.Context, in *catalogpb.GetProductRequest) (*catalogpb.Product, error) {
	if in.GetId() != c.product.GetId() {
		return nil, status.Error(codes.NotFound, "no such product")
	}
	return c.product, nil
}

// startGRPC serves a product until the test ends, over loopback, and returns a
// connection.
func startGRPC(tb testing.TB, product catalog.Product) *grpc.ClientConn {
	tb.Helper()
	server := grpc.NewServer(grpc.UnaryInterceptor(checkToken))
	catalogpb.RegisterCatalogServer(server, &grpcCatalog{product: protoOf(product)})
	var listen net.ListenConfig
	listener, err := listen.Listen(tb.Context(), "tcp", "127.0.0.1:0")
	require.NoError(tb, err)
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	tb.Cleanup(func() {
		server.Stop()
		require.NoError(tb, <-served)
	})
	connection, err := grpc.NewClient(listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(tb, err)
	tb.Cleanup(func() { require.NoError(tb, connection.Close()) })
	return connection
}

// checkToken refuses callers without the token.
func checkToken(ctx context.Context, request any, _ *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (any, error) {
	given := metadata.ValueFromIncomingContext(ctx, "authorization")
	if len(given) != 1 || subtle.ConstantTimeCompare([]byte(given[0]), []byte(serviceToken)) != 1 {
		return nil, status.Error(codes.Unauthenticated, "a service token is required")
	}
	return handle(ctx, request)
}

// placeGRPC returns a call with grpc-go, with a deadline and a token.
func placeGRPC(tb testing.TB, product catalog.Product) func(context.Context) (*catalogpb.Product, error) {
	tb.Helper()
	client := catalogpb.NewCatalogClient(startGRPC(tb, product))
	wanted := product.ID.String()
	return func(ctx context.Context) (*catalogpb.Product, error) {
		ctx, cancel := context.WithTimeout(metadata.AppendToOutgoingContext(ctx, "authorization", serviceToken), callLimit)
		defer cancel()
		return client.GetProduct(ctx, &catalogpb.GetProductRequest{Id: wanted})
	}
}

func TestGRPCChecksToken(t *testing.T) {
	t.Parallel()
	_, product := newFarSide(t)
	client := catalogpb.NewCatalogClient(startGRPC(t, product))
	_, err := client.GetProduct(t.Context(), &catalogpb.GetProductRequest{Id: product.ID.String()})
	require.Equal(t, codes.Unauthenticated, status.Code(err))
}

func protoOf(p catalog.Product) *catalogpb.Product {
	return &catalogpb.Product{
		Id: p.ID.String(), Sku: p.SKU, Name: p.Name, Description: p.Description,
		Price: &catalogpb.Amount{Amount: p.Price.Minor, Currency: string(p.Price.Currency)}, Stock: p.Stock, Category: p.Category,
		Attributes: p.Attributes, Images: p.Images, Version: p.Version, Revision: p.Revision,
		CreatedAt: timestamppb.New(p.CreatedAt), UpdatedAt: timestamppb.New(p.UpdatedAt),
	}
}

func messageOfProto(p *catalogpb.Product) message {
	return message{
		ID: p.GetId(), SKU: p.GetSku(), Name: p.GetName(), Description: p.GetDescription(),
		Price: money.Of(p.GetPrice().GetAmount(), money.Currency(p.GetPrice().GetCurrency())), Stock: p.GetStock(), Category: p.GetCategory(),
		Attributes: p.GetAttributes(), Images: p.GetImages(), Version: p.GetVersion(), Revision: p.GetRevision(),
		CreatedAt: p.GetCreatedAt().AsTime(), UpdatedAt: p.GetUpdatedAt().AsTime(),
	}
}
