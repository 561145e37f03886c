package userstest

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"shop/modules/users"
	"shop/platform/event"
	"shop/platform/id"
	"shop/platform/idempotency"
	"shop/platform/identity"
	"shop/platform/page"
)

var accountTests = map[string]func(*testing.T, Fixture){
	"Register/reads back":             registerReadsBack,
	"Register/publishes Registered":   registerPublishes,
	"Register/ErrEmailTaken":          registerTaken,
	"Register/one of many at once":    registerContended,
	"Register/invalid fields":         registerInvalid,
	"Register/accepts":                registerAccepts,
	"Register/repeat with a key":      registerRepeated,
	"CreateAdministrator/only first":  administratorFirst,
	"CreateAdministrator/one at once": administratorContended,
	"CreateAdministrator/services":    administratorServices,
	"User/who may read":               userAccess,
	"User/ErrUserNotFound":            userNotFound,
	"FindUser/in any case":            findAnyCase,
	"ListUsers/pages newest first":    listPages,
	"ListUsers/searches":              listSearches,
	"ListUsers/refuses":               listRefuses,
}

func registerReadsBack(t *testing.T, f Fixture) {
	user := f.register(t, "Ada@Example.com")
	want := users.User{
		ID: user, Email: "Ada@Example.com", Name: "Ada Lovelace", Role: users.RoleCustomer,
		Version: 1, CreatedAt: f.Clock.Now(), UpdatedAt: f.Clock.Now(),
	}
	require.Empty(t, cmp.Diff(want, f.read(t, user)))
}

func registerPublishes(t *testing.T, f Fixture) {
	user := f.register(t, "ada@example.com")
	require.Equal(t, []event.Event{users.Registered{UserID: user}}, f.Events(t))
}

func registerTaken(t *testing.T, f Fixture) {
	f.register(t, "ada@example.com")
	_, err := f.Service.Register(t.Context(), users.RegisterInput{Email: "ADA@example.com", Password: password, Name: "Other"})
	require.ErrorIs(t, err, users.ErrEmailTaken)
	require.Len(t, f.Events(t), 1)
}

func registerContended(t *testing.T, f Fixture) {
	errs := make([]error, 8)
	var all sync.WaitGroup
	for i := range errs {
		all.Go(func() {
			_, errs[i] = f.Service.Register(t.Context(), users.RegisterInput{Email: "ada@example.com", Password: password, Name: "Ada"})
		})
	}
	all.Wait()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
			continue
		}
		require.ErrorIs(t, err, users.ErrEmailTaken)
	}
	require.Equal(t, 1, won)
	require.Len(t, f.Events(t), 1)
}

func registerInvalid(t *testing.T, f Fixture) {
	good := users.RegisterInput{Email: "ada@example.com", Password: password, Name: "Ada"}
	for name, test := range map[string]struct {
		spoil  func(*users.RegisterInput)
		fields []string
	}{
		"no address":      {func(in *users.RegisterInput) { in.Email = "ada" }, []string{"body.email"}},
		"display name":    {func(in *users.RegisterInput) { in.Email = "Ada <ada@example.com>" }, []string{"body.email"}},
		"two addresses":   {func(in *users.RegisterInput) { in.Email = "a@example.com,b@example.com" }, []string{"body.email"}},
		"header":          {func(in *users.RegisterInput) { in.Email = "ada@example.com\r\nBcc: x@example.com" }, []string{"body.email"}},
		"space":           {func(in *users.RegisterInput) { in.Email = " ada@example.com" }, []string{"body.email"}},
		"long address":    {func(in *users.RegisterInput) { in.Email = strings.Repeat("a", 250) + "@example.com" }, []string{"body.email"}},
		"short password":  {func(in *users.RegisterInput) { in.Password = "seven77" }, []string{"body.password"}},
		"long password":   {func(in *users.RegisterInput) { in.Password = strings.Repeat("x", 129) }, []string{"body.password"}},
		"blank name":      {func(in *users.RegisterInput) { in.Name = "  " }, []string{"body.name"}},
		"long name":       {func(in *users.RegisterInput) { in.Name = strings.Repeat("é", 201) }, []string{"body.name"}},
		"control":         {func(in *users.RegisterInput) { in.Name = "A\x00da" }, []string{"body.name"}},
		"broken encoding": {func(in *users.RegisterInput) { in.Name = "A\xffda" }, []string{"body.name"}},
		"everything":      {func(in *users.RegisterInput) { *in = users.RegisterInput{} }, []string{"body.email", "body.password", "body.name"}},
	} {
		in := good
		test.spoil(&in)
		_, err := f.Service.Register(t.Context(), in)
		require.Error(t, err, name)
		requireFields(t, err, test.fields...)
	}
	require.Empty(t, f.Events(t))
}

func registerAccepts(t *testing.T, f Fixture) {
	for _, in := range []users.RegisterInput{
		{Email: "a+tag@example.com", Password: "12345678", Name: "李"},
		{Email: "o'brien@example.co.uk", Password: strings.Repeat("é", 128), Name: strings.Repeat("é", 200)},
		{Email: "x@example.com", Password: "'; DROP TABLE users;--", Name: "<script>alert(1)</script>"},
	} {
		user, err := f.Service.Register(t.Context(), in)
		require.NoError(t, err)
		require.Equal(t, in.Name, f.read(t, user).Name)
		_, err = f.Service.SignIn(t.Context(), users.SignInInput{Email: in.Email, Password: in.Password})
		require.NoError(t, err)
	}
}

func registerRepeated(t *testing.T, f Fixture) {
	in := users.RegisterInput{Key: idempotency.NewKey("once"), Email: "ada@example.com", Password: password, Name: "Ada"}
	first, err := f.Service.Register(t.Context(), in)
	require.NoError(t, err)
	require.False(t, in.Key.Replayed())
	in.Key = idempotency.NewKey("once")
	again, err := f.Service.Register(t.Context(), in)
	require.NoError(t, err)
	require.True(t, in.Key.Replayed())
	require.Equal(t, first, again)
	require.Len(t, f.Events(t), 1)
	in.Key, in.Name = idempotency.NewKey("once"), "Other"
	_, err = f.Service.Register(t.Context(), in)
	require.ErrorIs(t, err, idempotency.ErrMismatch)
}

func administratorFirst(t *testing.T, f Fixture) {
	in := users.CreateAdministratorInput{Email: "a@example.com", Password: password, Name: "A", OnlyFirst: true}
	first, err := f.Service.CreateAdministrator(service(t), in)
	require.NoError(t, err)
	u := f.read(t, first)
	require.Equal(t, users.RoleAdministrator, u.Role)
	require.True(t, u.Verified)
	in.Email = "b@example.com"
	second, err := f.Service.CreateAdministrator(service(t), in)
	require.NoError(t, err)
	require.True(t, second.IsZero())
	in.OnlyFirst = false
	second, err = f.Service.CreateAdministrator(service(t), in)
	require.NoError(t, err)
	require.False(t, second.IsZero())
	_, err = f.Service.CreateAdministrator(service(t), in)
	require.ErrorIs(t, err, users.ErrEmailTaken)
}

func administratorContended(t *testing.T, f Fixture) {
	made := make([]id.User, 6)
	errs := make([]error, len(made))
	var all sync.WaitGroup
	for i := range made {
		all.Go(func() {
			made[i], errs[i] = f.Service.CreateAdministrator(service(t), users.CreateAdministratorInput{
				Email: fmt.Sprintf("admin%d@example.com", i), Password: password, Name: "A", OnlyFirst: true,
			})
		})
	}
	all.Wait()
	require.NoError(t, errors.Join(errs...))
	count := 0
	for _, user := range made {
		if !user.IsZero() {
			count++
		}
	}
	require.Equal(t, 1, count)
}

func administratorServices(t *testing.T, f Fixture) {
	in := users.CreateAdministratorInput{Email: "a@example.com", Password: password, Name: "A"}
	_, err := f.Service.CreateAdministrator(t.Context(), in)
	require.ErrorIs(t, err, identity.ErrUnauthenticated)
	_, err = f.Service.CreateAdministrator(admin(t), in)
	require.ErrorIs(t, err, identity.ErrForbidden)
	in.Password = "short"
	_, err = f.Service.CreateAdministrator(service(t), in)
	requireFields(t, err, "body.password")
}

func userAccess(t *testing.T, f Fixture) {
	user := f.register(t, "ada@example.com")
	in := users.UserInput{ID: user}
	_, err := f.Service.User(t.Context(), in)
	require.ErrorIs(t, err, identity.ErrUnauthenticated)
	_, err = f.Service.User(as(t, id.NewUser()), in)
	require.ErrorIs(t, err, identity.ErrForbidden)
	_, err = f.Service.User(admin(t), in)
	require.NoError(t, err)
	_, err = f.Service.User(service(t), in)
	require.NoError(t, err)
}

func userNotFound(t *testing.T, f Fixture) {
	_, err := f.Service.User(admin(t), users.UserInput{ID: id.NewUser()})
	require.ErrorIs(t, err, users.ErrUserNotFound)
}

func findAnyCase(t *testing.T, f Fixture) {
	user := f.register(t, "Ada@Example.com")
	found, err := f.Service.FindUser(service(t), users.FindUserInput{Email: "aDA@example.COM"})
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(f.read(t, user), found))
	_, err = f.Service.FindUser(service(t), users.FindUserInput{Email: "nobody@example.com"})
	require.ErrorIs(t, err, users.ErrUserNotFound)
	_, err = f.Service.FindUser(admin(t), users.FindUserInput{Email: "ada@example.com"})
	require.ErrorIs(t, err, identity.ErrForbidden)
}

func listPages(t *testing.T, f Fixture) {
	var want []id.User
	for i := range 5 {
		want = append([]id.User{f.register(t, fmt.Sprintf("u%d@example.com", i))}, want...)
	}
	var got []id.User
	in := users.ListUsersInput{Page: page.Request{Limit: 2, CountExact: true}}
	for {
		p, err := f.Service.ListUsers(admin(t), in)
		require.NoError(t, err)
		require.Equal(t, int64(5), *p.Total)
		for _, u := range p.Items {
			got = append(got, u.ID)
		}
		if p.Next == "" {
			break
		}
		require.Len(t, p.Items, 2)
		in.Page.Cursor = p.Next
	}
	require.Equal(t, want, got)
}

func listSearches(t *testing.T, f Fixture) {
	for email, name := range map[string]string{
		"ada@example.com": "Ada Lovelace", "ole@example.com": "ØYSTEIN Ås", "per_cent@example.org": `100% \o/`,
	} {
		_, err := f.Service.Register(t.Context(), users.RegisterInput{Email: email, Password: password, Name: name})
		require.NoError(t, err)
	}
	f.administrator(t, "grace@example.com")
	for query, want := range map[string][]string{
		"LOVE": {"ada@example.com"}, "øystein å": {"ole@example.com"}, "%": {"per_cent@example.org"},
		"_": {"per_cent@example.org"}, `\`: {"per_cent@example.org"}, "EXAMPLE.ORG": {"per_cent@example.org"}, "'": nil,
	} {
		p, err := f.Service.ListUsers(admin(t), users.ListUsersInput{Query: query})
		require.NoError(t, err)
		require.Equal(t, want, emails(p), query)
	}
	p, err := f.Service.ListUsers(service(t), users.ListUsersInput{Role: users.RoleAdministrator})
	require.NoError(t, err)
	require.Equal(t, []string{"grace@example.com"}, emails(p))
}

func emails(p page.Page[users.User]) []string {
	var found []string
	for _, u := range p.Items {
		found = append(found, u.Email)
	}
	return found
}

func listRefuses(t *testing.T, f Fixture) {
	_, err := f.Service.ListUsers(as(t, id.NewUser()), users.ListUsersInput{})
	require.ErrorIs(t, err, identity.ErrForbidden)
	_, err = f.Service.ListUsers(admin(t), users.ListUsersInput{Query: strings.Repeat("x", 201), Role: "king"})
	requireFields(t, err, "query.q", "query.role")
	for _, cursor := range []string{"!", page.Cursor{ID: "prod_01h455vb4pex5vsknk084sn02q"}.Encode()} {
		_, err = f.Service.ListUsers(admin(t), users.ListUsersInput{Page: page.Request{Cursor: cursor}})
		require.ErrorIs(t, err, page.ErrCursor)
	}
}
