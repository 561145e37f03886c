package remote

import (
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// Connections that nobody uses are ended after a while, without a call that would
// look at them; who answers afterwards is greeted. Seen from within, as only
// there the clock can be the test's.
func TestConnections_Sweep(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := &connections{}
		idle := func() (*connection, net.Conn) {
			c.count++
			near, far := net.Pipe()
			w := &wire{Conn: near}
			return newConnection(w, w), far
		}
		ended := func(far net.Conn) bool {
			_ = far.SetReadDeadline(time.Now().Add(time.Nanosecond))
			_, err := far.Read(make([]byte, 1))
			return err == io.EOF //nolint:errorlint // as it is documented
		}
		first, firstFar := idle()
		second, secondFar := idle()
		c.give(first)
		<-time.After(idleTimeout / 2)
		c.give(second)
		<-time.After(idleTimeout/2 + time.Second)
		require.True(t, ended(firstFar))
		require.False(t, ended(secondFar))
		c.mu.Lock()
		require.False(t, c.lost)
		c.mu.Unlock()

		<-time.After(idleTimeout / 2)
		require.True(t, ended(secondFar))
		_, err := c.reuse()
		require.ErrorIs(t, err, errDead)
		none, err := c.reuse()
		require.NoError(t, err)
		require.Nil(t, none)

		third, thirdFar := idle()
		c.give(third)
		c.close()
		require.True(t, ended(thirdFar))
		late, lateFar := idle()
		c.give(late)
		require.True(t, ended(lateFar))
	})
}
