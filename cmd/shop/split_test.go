package main

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"shop/platform/dbtest"
)

// split is a shop of several processes: the one that customers reach, and
// others that host modules for it and for one another.
type split struct {
	// front is the process that customers reach.
	front *process
	// hosts are the processes by the module that they host; the front hosts the
	// others.
	hosts map[string]*process
	// addresses are those of the internal listeners, known before the processes
	// start.
	addresses map[string]string
	environ   []string
	dataDirs  map[string]string
}

// frontName stands for the front among the modules.
const frontName = "front"

// layout says how a shop is split.
type layout struct {
	// apart are the modules in processes of their own.
	apart []string
	// both keeps them in the front too, at a share of 0 to begin with: for that
	// all processes read the same databases.
	both bool
	// database is that of all processes; empty: SQLite, each process its own, or
	// one directory for all with both.
	database string
	// environ is for every process, front for the front alone.
	environ, front []string
}

// serviceKeys are no secret: 32 bytes in base64.
const serviceKeys = "SHOP_SERVICE_KEYS=test:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

// startSplit starts all processes at once and waits until they are ready.
func startSplit(t *testing.T, l layout) *split {
	t.Helper()
	s := &split{hosts: map[string]*process{}, addresses: map[string]string{}, dataDirs: map[string]string{}}
	s.environ = append([]string{
		serviceKeys, "SHOP_ADMIN_EMAIL=" + adminEmail, "SHOP_ADMIN_PASSWORD=" + adminPassword, "SHOP_DATABASE_CONNECTIONS=3",
	}, l.environ...)
	if l.database != "" {
		s.environ = append(s.environ, "SHOP_DATABASE_URL="+l.database)
	}
	shared := t.TempDir()
	for _, name := range append([]string{frontName}, l.apart...) {
		s.addresses[name] = freeAddress(t)
		if s.dataDirs[name] = shared; !l.both {
			s.dataDirs[name] = t.TempDir()
		}
	}
	for _, name := range l.apart {
		s.hosts[name] = s.launch(t, l, name)
	}
	s.front = s.launch(t, l, frontName)
	for _, p := range s.hosts {
		p.awaitReady(t)
	}
	s.front.awaitReady(t)
	if host := s.hosts["email"]; host != nil {
		s.front.Config.DataDir = host.Config.DataDir // where mailed looks
	}
	require.Eventually(t, func() bool {
		got := call(t, s.front.public, http.MethodPost, "/session", "", map[string]any{"email": adminEmail, "password": adminPassword})
		s.front.admin, _ = got.json(t)["token"].(string)
		return got.status == http.StatusCreated
	}, patience, 20*time.Millisecond)
	for _, p := range s.hosts {
		p.awaitNeighbours(t, s.front.admin)
	}
	s.front.awaitNeighbours(t, s.front.admin)
	return s
}

// awaitNeighbours waits until the process has found all others that it may call:
// they start in any order.
func (p *process) awaitNeighbours(t *testing.T, admin string) {
	t.Helper()
	var states struct {
		Items []struct {
			Module  string `json:"module"`
			Targets []struct {
				Healthy bool `json:"healthy"`
			} `json:"targets"`
		} `json:"items"`
	}
	require.Eventually(t, func() bool {
		got := call(t, p.internal, http.MethodGet, "/internal/modules", admin, nil)
		if got.status != http.StatusOK || json.Unmarshal([]byte(got.text), &states) != nil {
			return false
		}
		for _, state := range states.Items {
			for _, target := range state.Targets {
				if !target.Healthy {
					return false
				}
			}
		}
		return true
	}, patience, 20*time.Millisecond)
}

// launch starts one of the processes and does not wait for it.
func (s *split) launch(t *testing.T, l layout, name string) *process {
	t.Helper()
	hosted := []string{name}
	if name == frontName {
		hosted = nil
		for _, module := range moduleNames() {
			if l.both || s.addresses[module] == "" {
				hosted = append(hosted, module)
			}
		}
		if len(hosted) == 0 {
			hosted = []string{"none"}
		}
	}
	environ := append([]string{
		"SHOP_MODULES=" + strings.Join(hosted, ","), "SHOP_INTERNAL_ADDR=" + s.addresses[name],
	}, s.environ...)
	for _, module := range moduleNames() {
		// Every process knows where every other module is.
		at, apart := s.addresses[module]
		if !apart {
			at = s.addresses[frontName]
		}
		if name == frontName && apart || name != frontName && module != name {
			environ = append(environ, "SHOP_"+strings.ToUpper(module)+"_URL=http://"+at)
		}
		if name == frontName && apart && l.both {
			environ = append(environ, "SHOP_"+strings.ToUpper(module)+"_REMOTE=0")
		}
	}
	if name == frontName {
		environ = append(environ, l.front...)
	}
	return launch(t, s.dataDirs[name], environ)
}

// lastPort is the last port that was given out. They are below those that the
// system gives to whoever asks for none in particular.
var lastPort atomic.Int32

// freeAddress is an address on the loopback interface that nobody listens on.
func freeAddress(t *testing.T) string {
	t.Helper()
	for {
		address := fmt.Sprintf("127.0.0.1:%d", 20_000+lastPort.Add(1))
		listener, err := net.Listen("tcp", address)
		if err != nil {
			continue
		}
		require.NoError(t, listener.Close())
		return address
	}
}

// A customer's way is the same, byte for byte, wherever the modules are.
func TestPlacements(t *testing.T) {
	t.Parallel()
	apart := map[string][]string{"all": moduleNames()}
	for _, module := range moduleNames() {
		apart[module] = []string{module}
	}
	want := walk(t, startSplit(t, layout{}))
	for name, modules := range apart {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			requireSame(t, want, walk(t, startSplit(t, layout{apart: modules})))
		})
	}
	t.Run("half of each", func(t *testing.T) {
		t.Parallel()
		var half []string
		for _, module := range moduleNames() {
			half = append(half, "SHOP_"+strings.ToUpper(module)+"_REMOTE=50")
		}
		s := startSplit(t, layout{apart: moduleNames(), both: true, database: dbtest.Postgres(t), front: half})
		requireSame(t, want, walk(t, s))
	})
}

// requireSame requires that every answer is the same.
func requireSame(t *testing.T, want, got []string) {
	t.Helper()
	require.Len(t, got, len(want))
	for i := range want {
		require.Equal(t, want[i], got[i], "answer %d", i)
	}
}

// A module that a hosted one needs and that is nowhere ends the start with a line
// that says what to set.
func TestMissingNeighbour(t *testing.T) {
	t.Parallel()
	command := shopCommand(t, []string{"SHOP_MODULES=cart,catalog", "SHOP_DATA_DIR=" + t.TempDir()}, "serve")
	printed, err := command.CombinedOutput()
	require.Error(t, err)
	require.Equal(t, 1, strings.Count(string(printed), "\n"), "%s", printed)
	require.Contains(t, string(printed), "SHOP_PAYMENTS_URL")
}

// A process answers neighbours for what it hosts, and only with a token for that.
func TestMisdirected(t *testing.T) {
	t.Parallel()
	s := startSplit(t, layout{apart: []string{"catalog"}})
	admin := s.front.admin
	require.Equal(t, http.StatusOK, call(t, s.hosts["catalog"].internal, http.MethodGet, "/products/", admin, nil).status)
	require.Equal(t, http.StatusMisdirectedRequest, call(t, s.front.internal, http.MethodGet, "/products/", admin, nil).status)
	require.Equal(t, http.StatusMisdirectedRequest, call(t, s.hosts["catalog"].internal, http.MethodGet, "/users/", admin, nil).status)
	require.Equal(t, http.StatusUnauthorized, call(t, s.hosts["catalog"].internal, http.MethodGet, "/products/", "", nil).status)
	require.Equal(t, http.StatusUnauthorized, call(t, s.hosts["catalog"].internal, http.MethodGet, "/internal/catalog/hello", "a.b.c", nil).status)
}
