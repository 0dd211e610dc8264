package sqlstoretest

import (
	"os"
	"runtime"
	"testing"

	"go.uber.org/goleak"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/internal/leaktest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(leaktest.Patiently(m)) }

// TestTemplate sees that each database has all the tables and is nobody else's.
func TestTemplate(t *testing.T) {
	var template Template
	for range 2 {
		path := template.New(t)
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
			t.Errorf("the file has the mode %v", info.Mode())
		}
		store := template.Open(t)
		if n, err := store.CountUsers(t.Context()); n != 0 || err != nil {
			t.Errorf("%d users, %v", n, err)
		}
		_, err = store.CreateUsers(t.Context(), []earshot.NewUser{{User: earshot.User{Username: "ana", Password: "!"}, Keys: earshot.UserKeys{Name: "ana", Skeleton: "ana"}}})
		if err != nil {
			t.Error(err)
		}
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	}
}
