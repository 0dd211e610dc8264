package httpd

import (
	"flag"
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/earshot-chat/earshot/internal/leaktest"
)

// TestMain fails if a goroutine is left, or, where all tests were run, if an operation of docs/openapi.yaml was not tried.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(leaktest.Patiently(m), goleak.Cleanup(func(code int) {
		d, err := described()
		if code == 0 && err == nil && allTests() {
			for _, key := range d.untried() {
				fmt.Fprintf(os.Stderr, "FAIL: no test made %s of docs/openapi.yaml succeed, by house.call\n", key)
				code = 1
			}
		}
		os.Exit(code)
	}))
}

// allTests tells whether none was left out by a flag.
func allTests() bool {
	for _, name := range []string{"run", "skip", "list", "fuzz", "bench", "failfast"} {
		if f := flag.Lookup("test." + name); f != nil && f.Value.String() != f.DefValue {
			return false
		}
	}
	return !testing.Short()
}
