package multichat

import "time"

// LingeringForTest gives clients so long to read what was written before the end.
func LingeringForTest(opts Options, most time.Duration) Options {
	opts.linger = most
	return opts
}
