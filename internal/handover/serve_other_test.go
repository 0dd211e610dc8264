//go:build !unix

package handover

import (
	"errors"
	"testing"
)

// serve is for systems on which a server can be handed over.
func serve() int { return 1 }

func TestUnsupported(t *testing.T) {
	t.Setenv(variable, "v1:1")
	if _, err := Inherit(); !errors.Is(err, ErrInherited) {
		t.Errorf("a predecessor: %v", err)
	}
	i, err := Inherit()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := i.Start(t.Context()); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("Start: %v", err)
	}
	if err := i.Keep(t.Context(), nil); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("Keep: %v", err)
	}
	if state, err := i.State(t.Context(), 1); state != nil || err != nil {
		t.Errorf("State: %v, %v", state, err)
	}
}
