package authority

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/earshot-chat/earshot/internal/leaktest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(leaktest.Patiently(m)) }

// TestHandler answers what is no authority's question as before, and nobody who asks for what was never put there. What an
// authority gets is tried in cmd/earshot, with a real one.
func TestHandler(t *testing.T) {
	a, err := New(Options{Hosts: []string{"chat.example"}, Dir: filepath.Join(t.TempDir(), "acme")})
	if err != nil {
		t.Fatal(err)
	}
	handler := a.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) }))
	const question = "/.well-known/acme-challenge/"
	for _, c := range []struct {
		host, path string
		want       int
	}{
		{"chat.example", "/rooms", http.StatusTeapot},
		{"chat.example", "/.well-known/", http.StatusTeapot},
		{"chat.example", question + "token", http.StatusNotFound},
		{"chat.example:5002", question + "token", http.StatusNotFound},
		{"other.example", question + "token", http.StatusForbidden},
		{"chat.example", question + "../chat.example", http.StatusNotFound},
		{"chat.example", question + strings.Repeat("a", 5000), http.StatusNotFound},
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://x"+c.path, http.NoBody)
		r.Host = c.host
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		if w.Code != c.want {
			t.Errorf("%.60s at %s: %d, not %d", c.path, c.host, w.Code, c.want)
		}
	}
}

// TestPlace makes the directory for its owner only, or tells that it cannot.
func TestPlace(t *testing.T) {
	dir := Dir(t.TempDir())
	if _, err := New(Options{Dir: dir}); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(dir)
	if err != nil {
		t.Fatal(err)
	}
	if runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		t.Errorf("it is open to others: %v", info.Mode())
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := New(Options{Dir: filepath.Join(file, "acme")}); err == nil {
		t.Error("a file is taken for a directory")
	}
}
