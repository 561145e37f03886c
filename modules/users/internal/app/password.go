package app

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/alexedwards/argon2id"

	"shop/modules/users"
)

// passwords hashes and checks passwords, a bounded number at once: each takes
// 19 MiB and about 30 ms of a processor, and anybody may ask for it.
type passwords struct {
	params *argon2id.Params
	// nobody is the hash that is checked when there is no such account, so that
	// it takes the time that a wrong password takes. No password matches it: its
	// key is random.
	nobody string

	slots   chan struct{}
	present atomic.Int64 // those in a slot and those waiting for one
	room    int64
}

func newPasswords(o Settings) (*passwords, error) {
	p := &passwords{
		params: &argon2id.Params{
			Memory: o.PasswordMemory, Iterations: o.PasswordIterations,
			Parallelism: 1, SaltLength: 16, KeyLength: 32,
		},
		slots: make(chan struct{}, o.PasswordsAtOnce),
		room:  int64(o.PasswordsAtOnce + o.PasswordsWaiting),
	}
	var random [48]byte
	if _, err := rand.Read(random[:]); err != nil {
		return nil, fmt.Errorf("make the hash of nobody: %w", err)
	}
	p.nobody = fmt.Sprintf("$argon2id$v=19$m=%d,t=%d,p=%d$%s$%s",
		p.params.Memory, p.params.Iterations, p.params.Parallelism,
		base64.RawStdEncoding.EncodeToString(random[:16]), base64.RawStdEncoding.EncodeToString(random[16:]))
	return p, nil
}

// busyFor is when it makes sense to come back after ErrBusy.
const busyFor = 2 * time.Second

// inTurn waits for a slot and runs fn in it. It refuses at once, with
// users.ErrBusy, when too many are waiting already.
func (p *passwords) inTurn(ctx context.Context, fn func() error) error {
	if p.present.Add(1) > p.room {
		p.present.Add(-1)
		return users.ErrBusy.WithRetryAfter(busyFor)
	}
	defer p.present.Add(-1)
	select {
	case p.slots <- struct{}{}:
	case <-ctx.Done():
		return fmt.Errorf("wait for a turn to hash a password: %w", ctx.Err())
	}
	defer func() { <-p.slots }()
	return fn()
}

// hashInTurn is hash in a slot of its own.
func (p *passwords) hashInTurn(ctx context.Context, password string) (hash string, err error) {
	err = p.inTurn(ctx, func() error {
		hash, err = p.hash(password)
		return err
	})
	return hash, err
}

// hash makes the encoded hash of a password. Call it in a slot.
func (p *passwords) hash(password string) (string, error) {
	hash, err := argon2id.CreateHash(password, p.params)
	if err != nil {
		return "", fmt.Errorf("hash a password: %w", err)
	}
	return hash, nil
}

// matches says whether hash is one of password, and whether it was made with
// other parameters than those in force. Call it in a slot.
func (p *passwords) matches(password, hash string) (match, outdated bool, err error) {
	match, params, err := argon2id.CheckHash(password, hash)
	if err != nil {
		return false, false, fmt.Errorf("check a password: %w", err)
	}
	return match, *params != *p.params, nil
}
