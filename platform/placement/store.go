package placement

import (
	"context"
	"errors"

	"shop/platform/flip"
)

// Store keeps records where every replica of the process finds them.
type Store interface {
	// Name is what State.StoredIn says: "nats", "file" or "memory".
	Name() string
	// Save keeps a module's record and returns its revision, 0 where the store has
	// none. With after above 0 it does so only if that revision is still the
	// newest, else it returns ErrSuperseded. A store that keeps the parts of a
	// record apart, where others change them too, leaves alone what is not changed.
	// An error that is ErrNotHere says that this store cannot keep this record,
	// however often it is tried; ErrAsItWas, that it held all this already.
	Save(ctx context.Context, module string, r Record, changed Fields, after uint64) (revision uint64, err error)
	// Watch calls changed with each record that there is and then with each that
	// comes, until ctx ends. It outlasts failures of the store.
	Watch(ctx context.Context, changed func(module string, r Record, revision uint64))
}

// Fields are the parts of a policy that a change is about.
type Fields struct{ Remote, Shadow, Fallback bool }

// fieldsOf are those in which two policies differ.
func fieldsOf(a, b flip.Policy) Fields {
	return Fields{Remote: a.Remote != b.Remote, Shadow: a.Shadow != b.Shadow, Fallback: a.Fallback != b.Fallback}
}

// and are the fields of both.
func (f Fields) and(g Fields) Fields {
	return Fields{Remote: f.Remote || g.Remote, Shadow: f.Shadow || g.Shadow, Fallback: f.Fallback || g.Fallback}
}

// Errors of stores.
var (
	// ErrSuperseded is returned when another replica has saved meanwhile.
	ErrSuperseded = errors.New("another record has been saved meanwhile")
	// ErrNotHere is in the chain of the error that says why the record stays in
	// the memory of this process.
	ErrNotHere = errors.New("this change is kept in the memory of this process")
	// ErrAsItWas is returned when there was nothing to write.
	ErrAsItWas = errors.New("the record is kept already")
)

// Names of where records are kept. What nobody has changed since the start comes
// from the settings.
const (
	inNATS     = "nats"
	inFile     = "file"
	inMemory   = "memory"
	inSettings = "settings"
)

// Sources of changes, beside the store and the settings.
const (
	fromOperator = "operator"
	fromRamp     = "ramp"
	fromGuard    = "guard"
)

// memoryStore keeps nothing beyond what the controller itself holds.
type memoryStore struct{}

// Name implements Store.
func (memoryStore) Name() string { return inMemory }

// Save implements Store.
func (memoryStore) Save(context.Context, string, Record, Fields, uint64) (uint64, error) {
	return 0, nil
}

// Watch implements Store.
func (memoryStore) Watch(ctx context.Context, _ func(string, Record, uint64)) { <-ctx.Done() }
