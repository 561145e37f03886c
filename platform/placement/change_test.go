package placement_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/open-feature/go-sdk/openfeature"
	"github.com/stretchr/testify/require"

	"shop/platform/database"
	"shop/platform/fault"
	"shop/platform/flip"
	"shop/platform/placement"
	"shop/platform/remote"
)

func TestChange(t *testing.T) {
	t.Parallel()
	r := newRig(t, options{})
	require.Equal(t, "settings", r.state(t).StoredIn)
	s := r.change(t, placement.Change{Remote: new(25), Shadow: new(5), Fallback: new(flip.FallbackReads), AbortOn: guards(t, "errors>1%")})
	require.Equal(t, flip.Policy{Remote: 25, Shadow: 5, Fallback: flip.FallbackReads}, r.route.Policy())
	require.Equal(t, 25, s.Remote)
	require.Equal(t, 5, s.Shadow)
	require.Equal(t, "reads", s.Fallback)
	require.Equal(t, "errors>1%", s.Guards)
	require.Equal(t, "memory", s.StoredIn)
	require.Nil(t, s.Waiting)
	require.Contains(t, r.logs.String(), "source=operator actor=")

	s = r.change(t, placement.Change{Remote: new(50)})
	require.Equal(t, flip.Policy{Remote: 50, Shadow: 5, Fallback: flip.FallbackReads}, r.route.Policy(), "what is left out stays")
	require.Empty(t, s.Guards, "guards belong to one change")
	require.Equal(t, "v1", s.Build)
	require.Equal(t, 2, s.Contract)
	require.Equal(t, &placement.ModuleDatabase{ID: ours, Epoch: 1}, s.Database)
	require.Equal(t, []placement.ModuleTarget{{
		Address: "http://a", Healthy: true, Breaker: "closed", Calls: 7, Contract: 3, Build: "v2",
		Database: &placement.ModuleDatabase{ID: ours, Epoch: 1},
	}}, s.Targets)
}

func TestChange_Refused(t *testing.T) {
	t.Parallel()
	other := answering("http://b", theirs)
	tooOld, tooNew, stranger := answering("http://a", ours), answering("http://a", ours), answering("http://a", ours)
	tooOld.Hello.Contract, tooOld.Hello.OldestContract = 0, 0
	tooNew.Hello.Contract, tooNew.Hello.OldestContract = 9, 8
	stranger.Hello.Module = "cart"
	newEpoch := answering("http://a", ours)
	newEpoch.Hello.Database.Epoch = 2
	for name, test := range map[string]struct {
		options options
		module  string
		change  placement.Change
		want    *fault.Error
		message string
	}{
		"NotKnown":          {module: "elephants", change: placement.Change{Remote: new(0)}, want: placement.ErrNotKnown},
		"NoAddress":         {options: options{noRemote: true}, change: placement.Change{Remote: new(100)}, want: placement.ErrNoAddress, message: "set SHOP_CATALOG_URL"},
		"NoAddressFallback": {options: options{noRemote: true}, change: placement.Change{Fallback: new(flip.FallbackReads)}, want: placement.ErrNoAddress},
		"NotHosted":         {options: options{notHosted: true}, change: placement.Change{Remote: new(50)}, want: placement.ErrNotHosted, message: "SHOP_MODULES"},
		"NotHostedGuards":   {options: options{notHosted: true}, change: placement.Change{AbortOn: guards(t, "errors>1%")}, want: placement.ErrNotHosted},
		"Silent":            {options: options{says: []remote.Greeting{silent("http://a")}}, change: placement.Change{Remote: new(100)}, want: placement.ErrNotReachable, message: "http://a does not answer"},
		"NoAddressGuards":   {options: options{noRemote: true}, change: placement.Change{AbortOn: guards(t, "errors>1%")}, want: placement.ErrNoAddress},
		"TwoDatabases":      {options: options{says: []remote.Greeting{answering("http://a", ours), other}}, change: placement.Change{Remote: new(100)}, want: placement.ErrDifferentDatabase, message: "01234567 (epoch 1) at http://a and fedcba98 (epoch 1) at http://b"},
		"TooOld":            {options: options{says: []remote.Greeting{tooOld}}, change: placement.Change{Remote: new(100)}, want: placement.ErrContract, message: "too old"},
		"TooNew":            {options: options{says: []remote.Greeting{tooNew}}, change: placement.Change{Remote: new(50)}, want: placement.ErrContract, message: "too new"},
		"Stranger":          {options: options{says: []remote.Greeting{stranger}}, change: placement.Change{Remote: new(100)}, want: placement.ErrContract, message: "hosts cart, not catalog"},
		"Share":             {options: options{says: []remote.Greeting{answering("http://a", ours), other}}, change: placement.Change{Remote: new(50)}, want: placement.ErrDifferentDatabase, message: "catalog reads the database 01234567 (epoch 1) here and fedcba98 (epoch 1) at http://b"},
		"Epoch":             {options: options{says: []remote.Greeting{newEpoch}}, change: placement.Change{Remote: new(50)}, want: placement.ErrDifferentDatabase, message: "01234567 (epoch 2) at http://a"},
		"Shadow":            {options: options{says: []remote.Greeting{other}}, change: placement.Change{Shadow: new(5)}, want: placement.ErrDifferentDatabase},
		"Fallback":          {options: options{says: []remote.Greeting{other}}, change: placement.Change{Remote: new(100), Fallback: new(flip.FallbackReads)}, want: placement.ErrDifferentDatabase},
		"Guards":            {options: options{says: []remote.Greeting{other}}, change: placement.Change{Remote: new(100), AbortOn: guards(t, "errors>1%")}, want: placement.ErrDifferentDatabase},
		"Ramp":              {options: options{says: []remote.Greeting{other}}, change: placement.Change{Ramp: []int{100}}, want: placement.ErrDifferentDatabase},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, test.options)
			before := r.route.Policy()
			if test.module == "" {
				test.module = "catalog"
			}
			_, err := r.Change(t.Context(), test.module, test.change)
			require.ErrorIs(t, err, test.want)
			require.Contains(t, fault.From(err).Message, test.message)
			require.Equal(t, before, r.route.Policy())
			require.Equal(t, "settings", r.state(t).StoredIn)
		})
	}
}

func TestChange_Invalid(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change placement.Change
		fields []string
	}{
		"Nothing":         {placement.Change{}, []string{"body"}},
		"Shares":          {placement.Change{Remote: new(101), Shadow: new(-1)}, []string{"body.remote", "body.shadow"}},
		"RampDescends":    {placement.Change{Ramp: []int{5, 1}}, []string{"body.ramp"}},
		"RampZero":        {placement.Change{Ramp: []int{0, 1}}, []string{"body.ramp"}},
		"RampTooHigh":     {placement.Change{Ramp: []int{1, 101}}, []string{"body.ramp"}},
		"RampTooLong":     {placement.Change{Ramp: make([]int, 101)}, []string{"body.ramp"}},
		"RampBesideShare": {placement.Change{Remote: new(50), Ramp: []int{1, 100}}, []string{"body.remote"}},
		"EveryTooShort":   {placement.Change{Ramp: []int{1}, Every: time.Millisecond}, []string{"body.every"}},
		"EveryAlone":      {placement.Change{Remote: new(1), Every: time.Minute}, []string{"body.every"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := newRig(t, options{}).Change(t.Context(), "catalog", test.change)
			refusal := fault.From(err)
			require.Equal(t, fault.Invalid, refusal.Kind)
			var fields []string
			for _, f := range refusal.Fields {
				fields = append(fields, f.Location)
			}
			require.Equal(t, test.fields, fields)
		})
	}
}

// A remote that owns its data takes all calls or none.
func TestChange_OwnData(t *testing.T) {
	t.Parallel()
	r := newRig(t, options{says: []remote.Greeting{answering("http://a", theirs), silent("http://b")}})
	r.change(t, placement.Change{Remote: new(100)})
	require.Equal(t, flip.Policy{Remote: 100}, r.route.Policy())
	r.far.say(answering("http://a", theirs))
	_, err := r.Change(t.Context(), "catalog", placement.Change{Remote: new(50)})
	require.ErrorIs(t, err, placement.ErrDifferentDatabase)
	r.change(t, placement.Change{Remote: new(0)})
	require.Equal(t, flip.Policy{}, r.route.Policy())
}

// While the other process is ill, the way back must be open.
func TestChange_BackWhileSilent(t *testing.T) {
	t.Parallel()
	r := newRig(t, options{})
	r.change(t, placement.Change{Remote: new(50), Fallback: new(flip.FallbackReads)})
	r.far.say(silent("http://a"))
	_, err := r.Change(t.Context(), "catalog", placement.Change{Remote: new(60)})
	require.ErrorIs(t, err, placement.ErrNotReachable)
	r.change(t, placement.Change{Remote: new(25)})
	require.Equal(t, 25, r.route.Policy().Remote)
	r.change(t, placement.Change{Remote: new(0)})
	require.Equal(t, 0, r.route.Policy().Remote)
}

// Of several targets one has to answer; who said nothing yet is held to the
// database when it does.
func TestChange_OneSilent(t *testing.T) {
	t.Parallel()
	r := newRig(t, options{says: []remote.Greeting{answering("http://a", ours), silent("http://b")}})
	r.change(t, placement.Change{Remote: new(50)})
	require.Equal(t, 50, r.route.Policy().Remote)
	require.Equal(t, ours, r.far.requires())
	r.change(t, placement.Change{Remote: new(100)})
	r.far.say(silent("http://a"), silent("http://b"))
	r.change(t, placement.Change{Remote: new(50)})
	require.Equal(t, 50, r.route.Policy().Remote, "back from all calls, too")
}

// While both sides may answer for the same data, and from then on as long as
// calls go there, targets may read our database only.
func TestRun_RequiresDatabase(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, options{}).run(t)
		after := func(d time.Duration) flip.Policy {
			<-time.After(d)
			synctest.Wait()
			return r.route.Policy()
		}
		require.Empty(t, r.far.requires(), "no call goes there")
		r.change(t, placement.Change{Remote: new(100), Fallback: new(flip.FallbackReads)})
		require.Equal(t, ours, r.far.requires())
		r.far.say(answering("http://a", theirs))
		require.Equal(t, flip.Policy{Remote: 100, Fallback: flip.FallbackReads}, after(time.Minute), "reads fall back")
		require.Equal(t, ours, r.far.requires())
		require.Equal(t, "it reads another database", r.state(t).Targets[0].Problem)

		r.change(t, placement.Change{Fallback: new(flip.FallbackNone)})
		require.Equal(t, flip.Policy{Remote: 100}, after(time.Minute))
		require.Equal(t, ours, r.far.requires(), "what was written there is here")

		r.change(t, placement.Change{Remote: new(0)})
		require.Empty(t, r.far.requires())
		r.change(t, placement.Change{Remote: new(100)})
		require.Equal(t, flip.Policy{Remote: 100}, after(time.Minute))
		require.Empty(t, r.far.requires(), "a remote that owns its data")
	})
}

// Who looks does not wait for a database or a provider of flags.
func TestState_WaitsForNobody(t *testing.T) {
	t.Parallel()
	var r *rig
	var databases, decisions atomic.Int64
	look := func(looks *atomic.Int64) {
		if r != nil {
			looks.Add(1)
			require.Equal(t, ours, r.state(t).Database.ID)
		}
	}
	made := newRig(t, options{configuring: func(o *placement.Options) {
		o.Flags = &looking{look: func() { look(&decisions) }}
		o.Modules[0].Database = func(context.Context) (database.Identity, error) {
			look(&databases)
			return database.Identity{ID: ours, Epoch: 1}, nil
		}
	}})
	made.change(t, placement.Change{Remote: new(25)})
	r = made
	r.change(t, placement.Change{Remote: new(50)})
	require.Positive(t, databases.Load())
	eventually(t, func() bool {
		r.change(t, placement.Change{Remote: new(50)})
		return decisions.Load() > 0
	}, "the provider of flags is ready")
}

// looking is a provider of flags that looks at the module meanwhile.
type looking struct {
	openfeature.NoopProvider
	look func()
}

func (l *looking) IntEvaluation(
	ctx context.Context, flag string, fallback int64, about openfeature.FlattenedContext,
) openfeature.IntResolutionDetail {
	l.look()
	return l.NoopProvider.IntEvaluation(ctx, flag, fallback, about)
}

func TestStart(t *testing.T) {
	t.Parallel()
	const share, shadow, fallback = "SHOP_CATALOG_REMOTE=25", "SHOP_CATALOG_SHADOW=5", "SHOP_CATALOG_FALLBACK=reads"
	for name, test := range map[string]struct {
		variables    []string
		says         remote.Greeting
		first, later flip.Policy
		waits        string
	}{
		"Local":           {nil, answering("http://a", ours), flip.Policy{}, flip.Policy{}, ""},
		"Remote":          {[]string{"SHOP_CATALOG_REMOTE=100"}, silent("http://a"), flip.Policy{Remote: 100}, flip.Policy{Remote: 100}, ""},
		"Share":           {[]string{share, shadow}, answering("http://a", ours), flip.Policy{}, flip.Policy{Remote: 25, Shadow: 5}, ""},
		"ShareSilent":     {[]string{share}, silent("http://a"), flip.Policy{}, flip.Policy{}, "http://a does not answer"},
		"ShareElsewhere":  {[]string{share}, answering("http://a", theirs), flip.Policy{}, flip.Policy{}, "catalog reads the database 01234567 (epoch 1) here and fedcba98"},
		"Fallback":        {[]string{"SHOP_CATALOG_REMOTE=100", fallback}, answering("http://a", ours), flip.Policy{Remote: 100}, flip.Policy{Remote: 100, Fallback: flip.FallbackReads}, ""},
		"FallbackOwnData": {[]string{"SHOP_CATALOG_REMOTE=100", fallback}, answering("http://a", theirs), flip.Policy{Remote: 100}, flip.Policy{Remote: 100}, "fedcba98"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, options{settings: settings(t, "", test.variables...), says: []remote.Greeting{test.says}})
				require.Equal(t, test.first, r.route.Policy(), "before the other process has been greeted")
				r.run(t)
				synctest.Wait()
				require.Equal(t, test.later, r.route.Policy())
				if test.waits == "" {
					require.Nil(t, r.state(t).Waiting)
					return
				}
				require.Contains(t, r.state(t).Waiting.Reason, test.waits)
				require.Contains(t, r.logs.String(), test.waits)
			})
		})
	}
}

// A remote that comes later is found, and one that comes back with another
// database is not used beside the local side.
func TestRun_WatchesDatabases(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, options{settings: settings(t, "", "SHOP_CATALOG_REMOTE=25"), says: []remote.Greeting{silent("http://a")}}).run(t)
		after := func(d time.Duration) int {
			<-time.After(d)
			synctest.Wait()
			return r.route.Policy().Remote
		}
		require.Equal(t, 0, after(time.Minute))
		r.far.say(answering("http://a", ours))
		require.Equal(t, 25, after(2*time.Second))
		r.far.say(silent("http://a"))
		require.Equal(t, 25, after(time.Minute), "the breaker's affair, not the database's")
		r.far.say(answering("http://a", theirs))
		require.Equal(t, 0, after(6*time.Second))
		require.Contains(t, r.state(t).Waiting.Reason, "fedcba98")
		r.far.say(answering("http://a", ours))
		require.Equal(t, 25, after(2*time.Second))
		require.Nil(t, r.state(t).Waiting)
	})
}
