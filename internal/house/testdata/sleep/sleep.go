package sleep

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestGuess(t *testing.T) {
	time.Sleep(time.Second) // want "sleeps"
	func() {
		time.Sleep(time.Second) // want "sleeps"
	}()
}

func TestBubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Hour)
	})
}
