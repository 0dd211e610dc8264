package handover

import (
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/earshot-chat/earshot/internal/leaktest"
)

// asServer has the test binary be a server that is handed over. What it says besides is in the variables below it.
const asServer = "HANDOVER_TEST_SERVER"

// patience bounds every wait, so that a test that fails does so in words and not by hanging. People who connect while 64 MB are
// handed over wait for all of it, and under the race detector on a busy machine that takes long.
const patience = 2 * time.Minute

func TestMain(m *testing.M) {
	if os.Getenv(asServer) != "" {
		os.Exit(serve())
	}
	goleak.VerifyTestMain(leaktest.Patiently(m))
}
