package main

import "testing"

func TestTrimAfterABurst(t *testing.T) {
	const mib = 1 << 20
	steps := []struct {
		allocated uint64 // since the step before
		kept      int64
		due       bool
		what      string
	}{
		{30 * mib, 0, false, "the start is a burst"},
		{0, 0, true, "it is over"},
		{0, 0, false, "nothing since"},
		{1024, 0, false, "too little"},
		{50 * mib, 5 * mib, false, "a burst"},
		{3 * mib, 6 * mib, false, "still busy"},
		{1024, 6 * mib, true, "over"},
		{400 << 10, 6 * mib, false, "quiet, and too little"},
		{1024, 3 * mib, true, "half of what was said is forgotten"},
		{1024, 3 * mib, false, "nothing more is"},
		{3 * mib, 1 * mib, false, "forgotten, and busy"},
		{1024, 1 * mib, true, "forgotten"},
		{1024, 1*mib + 200<<10, false, "little is said"},
		{1024, 1 * mib, false, "and forgotten"},
		{1024, 0, true, "the rest is"},
	}
	var tr trimmer
	var total uint64
	for _, step := range steps {
		total += step.allocated
		if got := tr.due(total, step.kept); got != step.due {
			t.Errorf("%s: due %v, want %v", step.what, got, step.due)
		}
	}
}
