package privacy

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// image is a file system of its own in a file. Everything is written there at once: otherwise what is soon deleted never is.
type image struct {
	place
	file    string
	mounted bool
}

// imagePlace makes a file system for all that the server writes, so that it can be searched raw: what was deleted or
// written over in part is found too. It skips the test where that is not allowed.
func imagePlace(t *testing.T) *image {
	t.Helper()
	i, err := mountImage(t)
	if err != nil {
		t.Skipf("NOT TRIED: searching a raw file system; it needs root and loop devices: %v", err)
	}
	return i
}

// mountImage makes the file system; an error if that is not allowed.
func mountImage(t *testing.T) (*image, error) {
	t.Helper()
	dir := t.TempDir()
	i := &image{file: filepath.Join(dir, "image")}
	root := filepath.Join(dir, "root")
	if err := os.Mkdir(root, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(i.file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(i.file, 256<<20); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for _, words := range [][]string{{"mkfs.ext4", "-q", i.file}, {"mount", "-o", "loop,sync", i.file, root}} {
		if out, err := exec.CommandContext(ctx, words[0], words[1:]...).CombinedOutput(); err != nil {
			return nil, fmt.Errorf("%s: %w: %s", words[0], err, out)
		}
	}
	i.mounted = true
	t.Cleanup(func() { i.unmount(t) })
	i.place = newPlace(t, root)
	return i, nil
}

// unmount has everything written to the image.
func (i *image) unmount(t *testing.T) {
	t.Helper()
	if !i.mounted {
		return
	}
	i.mounted = false
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if out, err := exec.CommandContext(ctx, "umount", i.root).CombinedOutput(); err != nil {
		t.Fatalf("umount: %v %s", err, out)
	}
}
