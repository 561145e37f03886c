// Package contract is what a module declares about its methods, so that the
// switch can treat them right without knowing them.
package contract

// Class says what repeating a call does. Retry, fallback and shadow calls
// follow from it alone.
type Class uint8

// The classes of methods.
const (
	// Read changes nothing; it may be repeated, answered by either side, and
	// compared between them.
	Read Class = iota
	// IdempotentWrite has the effect once, however often it arrives: it carries
	// a key or sets a state. It may be repeated.
	IdempotentWrite
	// Write has its effect each time it arrives. It is never repeated once its
	// first byte has left.
	Write
)

// String is the class's name.
func (c Class) String() string {
	switch c {
	case Read:
		return "read"
	case IdempotentWrite:
		return "idempotent write"
	default:
		return "write"
	}
}

// Method declares one method of a module's face.
type Method struct {
	// Module and Name are those of the face: "catalog", "Product".
	Module, Name string
	Class        Class
}

// String is "catalog.Product".
func (m Method) String() string { return m.Module + "." + m.Name }

// Versions are the versions of a module's contract that one side speaks.
type Versions struct {
	// Newest is the one that it was written for, Oldest the first that it still
	// understands.
	Newest, Oldest int
}

// TooOld reports whether the far side speaks no version as new as v needs.
func (v Versions) TooOld(far Versions) bool { return far.Newest < v.Oldest }

// TooNew reports whether the far side understands no version as old as v knows.
func (v Versions) TooNew(far Versions) bool { return far.Oldest > v.Newest }

// Failure is in the chain of an error that says the module could not be
// reached, or did not answer as a module does. What a module refuses is none.
type Failure struct { //nolint:errname // it is what failed, and is found in a chain rather than returned
	// Sent is true when the far side may have received something of the call.
	Sent bool
	// Answered is true when the module itself said so, because something that it
	// needs is away.
	Answered bool
	Cause    error
}

// Error implements error.
func (f *Failure) Error() string { return f.Cause.Error() }

// Unwrap returns the cause.
func (f *Failure) Unwrap() error { return f.Cause }
