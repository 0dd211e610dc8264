package handover

import (
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// asServer has the test binary be a server that is handed over. What it says besides is in the variables below it.
const asServer = "HANDOVER_TEST_SERVER"

// patience bounds every wait, so that a test that fails does so in words and not by hanging.
const patience = 10 * time.Second

func TestMain(m *testing.M) {
	if os.Getenv(asServer) != "" {
		os.Exit(serve())
	}
	goleak.VerifyTestMain(m)
}
