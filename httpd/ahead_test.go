package httpd

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// What a page needs is told by the address and by whether somebody is logged in, and nothing else is.
func TestPagesAhead(t *testing.T) {
	s := bare(t, func(o *Options) {
		files, _ := o.Pages.(fstest.MapFS)
		files[aheadFile] = &fstest.MapFile{Data: []byte(`{"login":["/assets/in.js","/assets/in.css"],"room":["/assets/room.js"],"other":["/assets/other.js"]}`)}
	})
	const asks = "</api/v1/server>; rel=preload; as=fetch; crossorigin"
	login := []string{asks, "</assets/in.js>; rel=modulepreload", "</assets/in.css>; rel=preload; as=style"}
	room := []string{asks, "</assets/room.js>; rel=modulepreload"}
	for _, c := range []struct {
		path            string
		known, stranger []string
	}{
		{"/", room, login},
		{"/rooms", room, login},
		{"/rooms/kitchen", room, login},
		{"/login", nil, login},
		{"/login?next=/rooms/kitchen", nil, login},
		{"/roomsy", nil, nil},
		{"/settings/profile", nil, nil},
		{"/signup", nil, nil},
		{"/assets/main-abc12.js", nil, nil},
		{"/api/v1/server", nil, nil},
	} {
		if got := do(t, s, http.MethodGet, c.path).Header()["Link"]; !slices.Equal(got, c.stranger) {
			t.Errorf("%s to a stranger: %q", c.path, got)
		}
		for _, cookie := range []string{cookieName, hostCookieName} {
			if got := do(t, s, http.MethodGet, c.path, "Cookie", cookie+"=anything").Header()["Link"]; !slices.Equal(got, c.known) {
				t.Errorf("%s to somebody with %s: %q", c.path, cookie, got)
			}
		}
	}
	r := do(t, s, http.MethodGet, "/", "Accept-Encoding", "gzip")
	if vary := r.Header().Values("Vary"); !slices.Equal(vary, []string{"Cookie", "Accept-Encoding"}) {
		t.Errorf("a page differs by %q", vary)
	}
	if r := do(t, s, http.MethodGet, "/"+aheadFile); r.Code != http.StatusNotFound {
		t.Errorf("the list is a page: %d", r.Code)
	}
}

// A page that was built without the list is served, and one with a list that cannot be read is a build to be mended.
func TestPagesAheadOfNothing(t *testing.T) {
	if got := do(t, bare(t, nil), http.MethodGet, "/").Header()["Link"]; got != nil {
		t.Errorf("without a list: %q", got)
	}
	for _, broken := range []string{"", "[]", `{"login":"/assets/in.js"}`, `{"room":[1]}`} {
		_, err := loadPages(fstest.MapFS{aheadFile: {Data: []byte(broken)}})
		if err == nil || !strings.Contains(err.Error(), aheadFile) {
			t.Errorf("%q: %v", broken, err)
		}
	}
}
