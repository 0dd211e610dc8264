package wipe_test

import (
	"bytes"
	"testing"

	"github.com/earshot-chat/earshot/internal/wipe"
)

func TestAppendClearsWhatItOutgrows(t *testing.T) {
	small := append(make([]byte, 0, 8), "said"...)
	grown := wipe.Append(small, []byte(" aloud"), 100)
	if string(grown) != "said aloud" || cap(grown) != 20 {
		t.Errorf("%q of %d", grown, cap(grown))
	}
	if !bytes.Equal(small, make([]byte, 4)) {
		t.Errorf("left behind: %q", small)
	}
	again := wipe.Append(grown, []byte("!"), 100)
	if &again[0] != &grown[0] {
		t.Error("it grew, though there was room")
	}
}

func TestAppendKeepsToTheBound(t *testing.T) {
	if got := cap(wipe.Append(make([]byte, 60), make([]byte, 30), 100)); got != 100 {
		t.Errorf("made %d bytes, want the most", got)
	}
	if got := cap(wipe.Append(make([]byte, 60), make([]byte, 60), 100)); got != 120 {
		t.Errorf("made %d bytes, want what is needed", got)
	}
}
