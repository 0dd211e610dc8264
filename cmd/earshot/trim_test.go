package main

import "testing"

func TestTrimAfterABurst(t *testing.T) {
	const mib = 1 << 20
	steps := []struct {
		allocated uint64 // since the step before
		due       bool
		what      string
	}{
		{30 * mib, false, "the start is a burst"},
		{0, true, "it is over"},
		{0, false, "nothing since"},
		{1024, false, "too little"},
		{50 * mib, false, "a burst"},
		{3 * mib, false, "still busy"},
		{1024, true, "over"},
		{400 << 10, false, "quiet, and too little"},
	}
	var tr trimmer
	var total uint64
	for _, step := range steps {
		total += step.allocated
		if got := tr.due(total); got != step.due {
			t.Errorf("%s: due %v, want %v", step.what, got, step.due)
		}
	}
}
