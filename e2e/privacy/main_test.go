//go:build unix

package privacy

import (
	"context"
	"flag"
	"fmt"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"

	binary "github.com/earshot-chat/earshot/e2e/program"
)

var long = flag.Bool("long", false, "have ten times as much said")

// patience is how long anything that must happen may take to.
const patience = 2 * time.Minute

// program is the binary under test: what the variable EARSHOT names, else one that TestMain builds and names there.
func program() string { return os.Getenv("EARSHOT") }

func TestMain(m *testing.M) {
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func run(m *testing.M) (code int, err error) {
	if program() == "" {
		dir, err := os.MkdirTemp("", "earshot-privacy-")
		if err != nil {
			return 0, err
		}
		defer func() { _ = os.RemoveAll(dir) }()
		path, err := binary.Binary(context.Background(), dir)
		if err != nil {
			return 0, err
		}
		if err := os.Setenv("EARSHOT", path); err != nil {
			return 0, err
		}
	}
	code = m.Run()
	if code == 0 {
		err = goleak.Find()
	}
	return code, err
}
