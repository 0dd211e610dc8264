package httpd

import (
	"compress/gzip"
	"context"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/earshot-chat/earshot/account"
)

var script = strings.Repeat("console.log('earshot');\n", 200)

func builtPages() fs.FS {
	return fstest.MapFS{
		"index.html":           {Data: []byte("<!doctype html><title>Earshot</title>" + strings.Repeat(" ", 2000))},
		"assets/main-abc12.js": {Data: []byte(script)},
		"assets/font.woff2":    {Data: []byte("small")},
		"favicon.svg":          {Data: []byte("<svg xmlns='http://www.w3.org/2000/svg'/>")},
		".gitkeep":             {},
	}
}

// bare is a server without a store behind it, for what needs none.
func bare(t *testing.T, change func(*Options)) *Server {
	t.Helper()
	opts := Options{Accounts: account.New(account.Stores{}, account.DefaultConfig(), nil), Pages: builtPages(), Ping: func(context.Context) error { return nil }, Origins: []string{"http://earshot.test"}, Times: unhurried()}
	if change != nil {
		change(&opts)
	}
	s, err := New(opts)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func do(t *testing.T, h http.Handler, method, path string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, path, http.NoBody)
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestPages(t *testing.T) {
	s := bare(t, nil)
	for _, path := range []string{"/", "/login", "/signup", "/setup", "/privacy", "/rooms", "/rooms/7", "/rooms/a/b"} {
		r := do(t, s, http.MethodGet, path)
		if r.Code != http.StatusOK || !strings.Contains(r.Body.String(), "<title>Earshot") || r.Header().Get("Cache-Control") != "no-cache" {
			t.Errorf("%s: %d %v", path, r.Code, r.Header())
		}
	}
	r := do(t, s, http.MethodGet, "/assets/main-abc12.js")
	if r.Header().Get("Content-Type") != "text/javascript; charset=utf-8" || !strings.Contains(r.Header().Get("Cache-Control"), "immutable") ||
		r.Body.String() != script || r.Header().Get("Vary") != "Accept-Encoding" {
		t.Errorf("script: %v", r.Header())
	}
	r = do(t, s, http.MethodGet, "/favicon.svg")
	if r.Header().Get("Content-Type") != "image/svg+xml" || r.Header().Get("Cache-Control") != "no-cache" {
		t.Errorf("icon: %v", r.Header())
	}
	if r = do(t, s, http.MethodHead, "/"); r.Code != http.StatusOK || r.Body.String() != "" {
		t.Errorf("HEAD: %d", r.Code)
	}
}

func TestPagesCompressed(t *testing.T) {
	s := bare(t, nil)
	for header, packed := range map[string]bool{
		"gzip": true, "br, GZIP;q=0.5": true, "deflate, gzip;q=1.0": true,
		"": false, "br": false, "gzip;q=0": false, "gzip; q=0.0": false, "xgzip": false,
	} {
		r := do(t, s, http.MethodGet, "/assets/main-abc12.js", "Accept-Encoding", header)
		if got := r.Header().Get("Content-Encoding") == "gzip"; got != packed {
			t.Errorf("%q: compressed is %v", header, got)
			continue
		}
		if packed {
			zip, err := gzip.NewReader(r.Body)
			if err != nil {
				t.Fatal(err)
			}
			if plain, err := io.ReadAll(zip); err != nil || string(plain) != script {
				t.Errorf("%q: %v", header, err)
			}
		}
	}
	// What has not changed is not sent again, in either form.
	for _, encoding := range []string{"", "gzip"} {
		first := do(t, s, http.MethodGet, "/", "Accept-Encoding", encoding)
		again := do(t, s, http.MethodGet, "/", "Accept-Encoding", encoding, "If-None-Match", first.Header().Get("ETag"))
		if first.Header().Get("ETag") == "" || again.Code != http.StatusNotModified || again.Header().Get("Content-Security-Policy") == "" {
			t.Errorf("%q: %d after %v", encoding, again.Code, first.Header())
		}
	}
}

// What the build compressed is sent to whom it says something, and is no file of its own.
func TestPagesByBrotli(t *testing.T) {
	const packed = "as the build packed it"
	s := bare(t, func(o *Options) {
		files, _ := o.Pages.(fstest.MapFS)
		files["assets/main-abc12.js.br"] = &fstest.MapFile{Data: []byte(packed)}
		files["index.html.br"] = &fstest.MapFile{Data: []byte(strings.Repeat("no shorter", 1000))}
		files["assets/font.woff2.br"] = &fstest.MapFile{Data: []byte("s")}
	})
	for header, coding := range map[string]string{
		"gzip, deflate, br, zstd": "br", "br": "br", "gzip;q=1.0, BR; q=0.1": "br", "gzip, br;q=0": "gzip", "gzip": "gzip", "brotli, x-br": "", "": "",
	} {
		r := do(t, s, http.MethodGet, "/assets/main-abc12.js", "Accept-Encoding", header)
		if got := r.Header().Get("Content-Encoding"); got != coding || (coding == "br") != (r.Body.String() == packed) ||
			r.Header().Get("Vary") != "Accept-Encoding" || r.Header().Get("Content-Type") != "text/javascript; charset=utf-8" {
			t.Errorf("%q: %v", header, r.Header())
		}
	}
	tags := map[string]bool{}
	for _, coding := range []string{"", "gzip", "br"} {
		tag := do(t, s, http.MethodGet, "/assets/main-abc12.js", "Accept-Encoding", coding).Header().Get("ETag")
		if tags[tag] {
			t.Errorf("%q: the tag %s is another form's, too", coding, tag)
		}
		tags[tag] = true
		if again := do(t, s, http.MethodGet, "/assets/main-abc12.js", "Accept-Encoding", coding, "If-None-Match", tag); again.Code != http.StatusNotModified {
			t.Errorf("%q: %d", coding, again.Code)
		}
	}
	if r := do(t, s, http.MethodGet, "/", "Accept-Encoding", "br, gzip"); r.Header().Get("Content-Encoding") != "gzip" {
		t.Errorf("what would be longer is sent: %v", r.Header())
	}
	if r := do(t, s, http.MethodGet, "/assets/font.woff2", "Accept-Encoding", "br"); r.Header().Get("Content-Encoding") != "" || r.Body.String() != "small" {
		t.Errorf("a small file: %v", r.Header())
	}
	if r := do(t, s, http.MethodGet, "/assets/main-abc12.js.br"); r.Code != http.StatusNotFound {
		t.Errorf("the compressed file has an address: %d", r.Code)
	}
}

func TestNoSuchAddress(t *testing.T) {
	s := bare(t, nil)
	for _, path := range []string{
		"/nothing", "/index.html/", "/assets/", "/assets/other.js", "/.gitkeep", "/assets/../index.html", "/assets/%2e%2e/index.html",
		"/login/", "//", "/..%2f..%2fetc/passwd", "/ws/x", "/debug/pprof/",
	} {
		if r := do(t, s, http.MethodGet, path); r.Code != http.StatusNotFound || !strings.Contains(r.Body.String(), "nothing at this address") {
			t.Errorf("%s: %d", path, r.Code)
		}
	}
	s = bare(t, func(o *Options) {
		o.Pages = fstest.MapFS{"lost.html": {Data: []byte("<title>Lost</title>There is nothing at this address.")}}
	})
	r := do(t, s, http.MethodGet, "/nothing")
	if r.Code != http.StatusNotFound || !strings.Contains(r.Body.String(), "Lost") || r.Header().Get("Content-Type") != "text/html; charset=utf-8" {
		t.Errorf("with a page for it: %d %s", r.Code, r.Body)
	}
	r = do(t, s, http.MethodPost, "/login")
	if r.Code != http.StatusMethodNotAllowed || r.Header().Get("Allow") != "GET, HEAD" {
		t.Errorf("POST to a page: %d, Allow %q", r.Code, r.Header().Get("Allow"))
	}
}

func TestPagesNotBuilt(t *testing.T) {
	s := bare(t, func(o *Options) { o.Pages = fstest.MapFS{".gitkeep": {}} })
	r := do(t, s, http.MethodGet, "/")
	if r.Code != http.StatusServiceUnavailable || !strings.Contains(r.Body.String(), "make build") {
		t.Errorf("%d", r.Code)
	}
	if _, err := New(Options{Pages: fstest.MapFS{"a{b}.js": {}}}); err == nil {
		t.Error("a file whose name is a pattern was taken")
	}
}
