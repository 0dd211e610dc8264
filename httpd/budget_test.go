package httpd

import (
	"testing"
	"time"

	"github.com/earshot-chat/earshot"
)

func TestCallsOfAUserAreBounded(t *testing.T) {
	b, err := newBudgets(callsPerSecond, callsBurst)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	for i := range callsBurst {
		if err := b.take(1, now); err != nil {
			t.Fatalf("call %d: %v", i, err)
		}
	}
	err = b.take(1, now)
	if earshot.CodeOf(err) != earshot.CodeRateLimited || earshot.AsError(err).RetryAfter <= 0 {
		t.Errorf("one call too many: %v", err)
	}
	if err := b.take(2, now); err != nil {
		t.Errorf("somebody else: %v", err)
	}
	if err := b.take(1, now.Add(time.Second/callsPerSecond)); err != nil {
		t.Errorf("after waiting: %v", err)
	}
	// A flood of users does not grow without bound.
	for user := range earshot.UserID(3 * budgeted) {
		if err := b.take(user+10, now); err != nil {
			t.Fatal(err)
		}
	}
	if got := b.users.Len(); got > budgeted {
		t.Errorf("%d users remembered", got)
	}
}
