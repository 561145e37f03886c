package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
)

// Server is the component of an HTTP server on a listener that is open already,
// so that an address in use is found before anything runs. Its stop closes the
// listener, waits for the requests in flight, and cuts them off when the time
// is up.
func Server(name string, server *http.Server, listener net.Listener) Component {
	return Component{
		Name: name,
		Run: func(context.Context) error {
			if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
				return fmt.Errorf("serve: %w", err)
			}
			return nil
		},
		Stop: func(ctx context.Context) error {
			if err := server.Shutdown(ctx); err != nil {
				return errors.Join(fmt.Errorf("drain requests: %w", err), server.Close())
			}
			return nil
		},
	}
}

// Worker is the component of a loop that ends when its context does.
func Worker(name string, run func(ctx context.Context) error) Component {
	return Component{Name: name, Run: run}
}

// Closer is the component of something that is only closed, such as a database.
func Closer(name string, closer func() error) Component {
	return Component{Name: name, Stop: func(context.Context) error { return closer() }}
}
