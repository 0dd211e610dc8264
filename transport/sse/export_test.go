package sse

import "time"

// LingeringForTest gives streams so long to say how they end.
func LingeringForTest(opts Options, most time.Duration) Options {
	opts.linger = most
	return opts
}
