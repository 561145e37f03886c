package stats

import (
	"time"

	"shop/platform/fault"
)

// ErrBusy is returned for actions that come while as many as may wait for their
// commit are waiting. Nothing of them was recorded; sending them again later may
// work.
var ErrBusy = fault.New(fault.Limited, "statistics_busy",
	"more is being recorded than can be stored: Retry-After says when to try again").WithRetryAfter(time.Second)
