//go:build unix && !linux

package privacy

import (
	"errors"
	"testing"
)

// image is a file system of its own in a file.
type image struct {
	place
	file string
}

// imagePlace is known for Linux only.
func imagePlace(t *testing.T) *image {
	t.Helper()
	t.Skip("NOT TRIED: searching a raw file system; it needs Linux")
	return nil
}

func mountImage(t *testing.T) (*image, error) {
	t.Helper()
	return nil, errors.ErrUnsupported
}

func (i *image) unmount(t *testing.T) { t.Helper() }

func readsMemory(t *testing.T) {
	t.Helper()
	t.Skip("NOT TRIED: what is left in memory; it needs Linux")
}
