package leaktest

import (
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(Patiently(m)) }

// suite is one that leaves a goroutine behind, until the channel gives something.
type suite struct {
	code  int
	until <-chan time.Time
}

func (s suite) Run() int {
	go func() { <-s.until }()
	return s.code
}

// TestPatiently has tests leave a goroutine for longer than goleak waits.
func TestPatiently(t *testing.T) {
	if code := Patiently(suite{0, time.After(time.Second)}).Run(); code != 0 {
		t.Error(code)
	}
	if err := goleak.Find(); err != nil {
		t.Errorf("it did not wait: %v", err)
	}
	end := make(chan time.Time)
	if code := Patiently(suite{1, end}).Run(); code != 1 {
		t.Error(code)
	}
	if goleak.Find() == nil {
		t.Error("tests that have failed are waited for")
	}
	close(end)
}
