package main

import (
	"context"
	"time"
)

// every does the work now and again, first when the time is over once, until ctx ends.
func every(ctx context.Context, d time.Duration, work func()) {
	tick := time.NewTicker(d)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			work()
		case <-ctx.Done():
			return
		}
	}
}
