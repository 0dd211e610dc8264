package sqlstore

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/earshot-chat/earshot/internal/leaktest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(leaktest.Patiently(m)) }
