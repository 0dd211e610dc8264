package httpd

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"testing"

	"github.com/go-json-experiment/json"
)

// TestOwnPage tries the list that the page's own rule is tried with, too, and what the server does with such an address.
func TestOwnPage(t *testing.T) {
	text, err := os.ReadFile("testdata/next.json")
	if err != nil {
		t.Fatal(err)
	}
	var list struct {
		Own     []string `json:"own"`
		Foreign []string `json:"foreign"`
	}
	if err := json.Unmarshal(text, &list); err != nil || len(list.Own) < 5 || len(list.Foreign) < 30 {
		t.Fatalf("%v", err)
	}
	s := bare(t, nil)
	page := func(query string) *httptest.ResponseRecorder { return do(t, s, http.MethodGet, "/login"+query) }
	for _, next := range list.Own {
		if w := page("?next=" + url.QueryEscape(next)); !ownPage(next) || w.Code != http.StatusOK {
			t.Errorf("%q is refused: %d", next, w.Code)
		}
	}
	for _, next := range list.Foreign {
		w := page("?next=" + url.QueryEscape(next))
		if ownPage(next) || w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/login" {
			t.Errorf("%q is let through: %d to %q", next, w.Code, w.Header().Get("Location"))
		}
	}
	for _, query := range []string{"?next=/rooms&next=//evil.example", "?next=%zz", "?next=/rooms%", "?next=/rooms;next=//evil.example"} {
		if w := page(query); w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/login" {
			t.Errorf("%s: %d to %q", query, w.Code, w.Header().Get("Location"))
		}
	}
	if w := page(""); w.Code != http.StatusOK {
		t.Errorf("without: %d", w.Code)
	}
	// Encoded twice, it is one path with a percent sign in it, of no page.
	if ownPage("/%252f%252fevil.example") {
		t.Error("encoded twice")
	}
}
