package placement

import "shop/platform/fault"

// Errors of changes. The messages that are answered say more, and what to do.
var (
	// ErrNotKnown is returned for a name that is no module's.
	ErrNotKnown = fault.New(fault.NotFound, "module_not_known", "there is no module of that name")
	// ErrNoAddress is returned when calls are to go to other processes and there is
	// no address of one.
	ErrNoAddress = fault.New(fault.Conflict, "no_remote_address", "no address of another process that hosts the module is configured")
	// ErrNotHosted is returned when calls are to be answered here by a module that
	// is not part of this process.
	ErrNotHosted = fault.New(fault.Conflict, "module_not_hosted", "the module is not hosted here")
	// ErrNotReachable is returned when no process answers at the module's address.
	ErrNotReachable = fault.New(fault.Conflict, "remote_not_reachable", "the other process does not answer")
	// ErrContract is returned when the two sides do not speak the same version of
	// the module's contract.
	ErrContract = fault.New(fault.Conflict, "contract_not_compatible", "the other process does not speak the same contract")
	// ErrDifferentDatabase is returned when both sides would answer for the same
	// data, but read different databases.
	ErrDifferentDatabase = fault.New(fault.Conflict, "different_database", "the two sides do not read the same database")
	// ErrDecidedElsewhere is returned when the flag provider does not let through
	// what was asked for.
	ErrDecidedElsewhere = fault.New(fault.Conflict, "decided_by_flag_provider", "the flag provider decides this")
	// ErrStore is returned when a change could not be kept. Nothing has changed.
	ErrStore = fault.New(fault.Unavailable, "store_not_reachable", "the change could not be kept, so nothing was changed")
	// errNotGreeted is why a policy waits in the first moments of a process.
	errNotGreeted = fault.New(fault.Unavailable, "remote_not_greeted", "the other process has not been greeted yet")
)
