package emailmod_test

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"shop/migrations"
	"shop/modules/email"
	"shop/modules/email/emailmod"
	"shop/modules/email/emailtest"
	"shop/modules/email/internal/gormstore"
	"shop/platform/database"
	"shop/platform/dbtest"
	"shop/platform/event/outbox"
	"shop/platform/id"
)

// replicas opens a PostgreSQL database as two processes would.
func replicas(t *testing.T) (a, b *database.DB) {
	t.Helper()
	url := dbtest.Postgres(t)
	open := func() *database.DB {
		db, err := database.Open(t.Context(), database.Options{Module: "email", URL: url})
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, db.Close()) })
		require.NoError(t, database.Migrate(t.Context(), db, migrations.FS))
		return db
	}
	return open(), open()
}

func surroundings(server *emailtest.Server) emailtest.Fixture {
	return emailtest.Fixture{
		Users: emailtest.NewUsers(), Payments: emailtest.NewPayments(), Delivered: server.Delivered, Refuse: server.Refuse,
	}
}

func send(t *testing.T, built *emailmod.Built, to string) id.Email {
	t.Helper()
	sent, err := built.Service.Send(emailtest.AsAdministrator(t.Context()), email.SendInput{To: to, Subject: "Hi", Text: "x"})
	require.NoError(t, err)
	return sent.ID
}

func requireSent(t *testing.T, built *emailmod.Built, mail id.Email) {
	t.Helper()
	require.Eventually(t, func() bool {
		found, err := built.Service.Email(emailtest.AsAdministrator(t.Context()), email.EmailInput{ID: mail})
		return err == nil && found.Status == email.StatusSent
	}, 20*time.Second, 5*time.Millisecond)
}

func TestReplicasSendEachEmailOnce(t *testing.T) {
	t.Parallel()
	var open, most atomic.Int64
	server := emailtest.NewServer(t, emailtest.ServerOptions{Hold: func(emailtest.Delivery) {
		now := open.Add(1)
		defer open.Add(-1)
		for seen := most.Load(); now > seen && !most.CompareAndSwap(seen, now); seen = most.Load() {
		}
		<-time.After(2 * time.Millisecond) // a server takes its time
	}})
	settings := emailmod.Settings{
		SMTPURL: server.URL(), TLS: server.TLS(), Workers: 3, Poll: 10 * time.Millisecond, TotalPerHour: 10_000,
	}
	dbA, dbB := replicas(t)
	a := build(t, dbA, surroundings(server), settings)
	b := build(t, dbB, surroundings(server), settings)
	run(t, a)
	run(t, b)

	const each = 100
	var senders sync.WaitGroup
	for n, built := range []*emailmod.Built{a, b} {
		senders.Go(func() {
			for i := range each {
				send(t, built, fmt.Sprintf("%d-%d@example.com", n, i))
			}
		})
	}
	senders.Wait()
	admin := emailtest.AsAdministrator(t.Context())
	require.Eventually(t, func() bool {
		p, err := a.Service.ListEmails(admin, email.ListEmailsInput{Status: email.StatusQueued})
		return err == nil && len(p.Items) == 0
	}, 30*time.Second, 10*time.Millisecond)

	taken := map[string]int{}
	for _, d := range server.Delivered() {
		taken[d.To]++
	}
	require.Len(t, taken, 2*each)
	for to, n := range taken {
		require.Equal(t, 1, n, to)
	}
	require.Greater(t, most.Load(), int64(1), "the workers never worked at the same time")
}

func TestEmailOfADeadProcessIsSentAfterItsLease(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, "email", func(t *testing.T, db *database.DB) {
		t.Parallel()
		server := emailtest.NewServer(t, emailtest.ServerOptions{})
		built := build(t, db, surroundings(server), emailmod.Settings{
			SMTPURL: server.URL(), TLS: server.TLS(), Poll: 10 * time.Millisecond,
		})
		mail := send(t, built, "jo@example.com")
		const lease = 300 * time.Millisecond
		claimed, err := gormstore.NewQueue(db, outbox.New(db)).Claim(t.Context(), "dead", time.Now(), lease, 10)
		require.NoError(t, err)
		require.Len(t, claimed, 1)

		begin := time.Now()
		run(t, built)
		requireSent(t, built, mail)
		require.GreaterOrEqual(t, time.Since(begin), lease/2, "it was sent while another process held it")
		require.Len(t, server.Delivered(), 1)
	})
}

func TestStopFinishesTheMessageInHandAndReleasesTheOthers(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, "email", func(t *testing.T, db *database.DB) {
		t.Parallel()
		held, release := make(chan struct{}, 10), make(chan struct{})
		server := emailtest.NewServer(t, emailtest.ServerOptions{Hold: func(emailtest.Delivery) {
			held <- struct{}{}
			<-release
		}})
		settings := emailmod.Settings{SMTPURL: server.URL(), TLS: server.TLS(), Workers: 1, Poll: 10 * time.Millisecond}
		built := build(t, db, surroundings(server), settings)
		for i := range 3 {
			send(t, built, fmt.Sprintf("%d@example.com", i))
		}
		stop := run(t, built)
		<-held
		stopped := make(chan struct{})
		go func() { stop(); close(stopped) }()
		select {
		case <-stopped:
			t.Fatal("it stopped with a message in hand")
		case <-time.After(50 * time.Millisecond):
		}
		close(release)
		<-stopped
		require.Len(t, server.Delivered(), 1)

		// Another process goes on at once, the lease of two minutes notwithstanding.
		next := build(t, db, surroundings(server), settings)
		run(t, next)
		require.Eventually(t, func() bool { return len(server.Delivered()) == 3 }, 20*time.Second, 5*time.Millisecond)
	})
}

func TestQueuedEmailWakesAWorker(t *testing.T) {
	t.Parallel()
	server := emailtest.NewServer(t, emailtest.ServerOptions{})
	built := build(t, dbtest.Open(t, database.SQLite, "email"), surroundings(server), emailmod.Settings{
		SMTPURL: server.URL(), TLS: server.TLS(), Poll: time.Hour,
	})
	run(t, built)
	for i := range 5 {
		requireSent(t, built, send(t, built, fmt.Sprintf("%d@example.com", i)))
	}
}

func TestWithoutAMailServerMessagesBecomeFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	f := emailtest.Fixture{Users: emailtest.NewUsers(), Payments: emailtest.NewPayments()}
	built := build(t, dbtest.Open(t, database.SQLite, "email"), f, emailmod.Settings{DataDir: dir})
	run(t, built)
	mail := send(t, built, "jo@example.com")
	requireSent(t, built, mail)
	files, err := filepath.Glob(filepath.Join(dir, "mail", "*-"+mail.String()+".eml"))
	require.NoError(t, err)
	require.Len(t, files, 1)
	content, err := os.ReadFile(files[0])
	require.NoError(t, err)
	require.Contains(t, string(content), "To: <jo@example.com>")
}

func TestSettingsAreChecked(t *testing.T) {
	t.Parallel()
	db := dbtest.Open(t, database.SQLite, "email")
	for name, s := range map[string]emailmod.Settings{
		"sender":      {From: "nobody"},
		"scheme":      {SMTPURL: "http://localhost"},
		"host":        {SMTPURL: "smtp://"},
		"starttls":    {SMTPURL: "smtp://localhost?starttls=perhaps"},
		"double TLS":  {SMTPURL: "smtps://localhost?starttls=required"},
		"no URL":      {SMTPURL: "smtp://jo:s3cret@local host"},
		"port":        {SMTPURL: "smtp://localhost:99999"},
		"option typo": {SMTPURL: "smtp://localhost?starttl=never"},
	} {
		_, err := emailmod.New(emailmod.Deps{Settings: s, Deps: deps(db), Users: emailtest.NewUsers(), Payments: emailtest.NewPayments()})
		require.Error(t, err, name)
		require.NotContains(t, err.Error(), "s3cret")
	}
}
