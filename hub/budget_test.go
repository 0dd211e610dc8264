package hub

import (
	"math"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestBudget(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	var b budget
	for i := range 3 {
		if wait := b.take(now, 2, 3); wait != 0 {
			t.Fatalf("waits %v for number %d of a burst of 3", wait, i)
		}
	}
	if !b.empty(now, 2, 3) {
		t.Error("three of three taken, and not empty")
	}
	if wait := b.take(now, 2, 3); wait != 500*time.Millisecond {
		t.Errorf("waits %v, want half a second", wait)
	}
	now = now.Add(499 * time.Millisecond)
	if wait := b.take(now, 2, 3); wait != time.Millisecond {
		t.Errorf("waits %v, want a millisecond", wait)
	}
	now = now.Add(time.Millisecond)
	if b.empty(now, 2, 3) {
		t.Error("half a second later still empty")
	}
	if wait := b.take(now, 2, 3); wait != 0 {
		t.Errorf("waits %v", wait)
	}
	// After a long time it holds the burst again, and no more.
	now = now.Add(time.Hour)
	for range 3 {
		if wait := b.take(now, 2, 3); wait != 0 {
			t.Errorf("waits %v after an hour", wait)
		}
	}
	if wait := b.take(now, 2, 3); wait == 0 {
		t.Error("holds more than its burst")
	}
}

func TestBudgetOfNothingAndOfEverything(t *testing.T) {
	var none, all budget
	if wait := none.take(time.Now(), 0, 100); wait == 0 {
		t.Error("a rate of 0 gives")
	}
	for range 1000 {
		if wait := all.take(time.Now(), math.MaxFloat64, 1); wait != 0 {
			t.Fatalf("an endless rate waits %v", wait)
		}
	}
}

func TestBudgetIsShared(t *testing.T) {
	var b budget
	var taken atomic.Int64
	var wg sync.WaitGroup
	now := time.Now()
	for range 8 {
		wg.Go(func() {
			for range 1000 {
				if b.take(now, 1, 100) == 0 {
					taken.Add(1)
				}
			}
		})
	}
	wg.Wait()
	if got := taken.Load(); got != 100 {
		t.Errorf("%d taken of 100", got)
	}
}
