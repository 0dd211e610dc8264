package httpd

import (
	"net/http"
	"net/url"
	"strings"
)

// ownPage tells whether next leads to one of the pages that people go to when they have logged in, and to no other
// site, however a browser reads it: //host and /\host are other hosts to one, and it takes tabs and line breaks out before it
// looks. web/src/lib/next.ts has the same rule, and both are held to one list of tests.
func ownPage(next string) bool {
	if strings.ContainsFunc(next, func(r rune) bool { return r <= ' ' || r == '\\' || r == 0x7f || r == '\ufffd' }) {
		return false
	}
	path, _, _ := strings.Cut(next, "#")
	path, _, _ = strings.Cut(path, "?")
	plain, err := url.PathUnescape(path)
	if err != nil || strings.Contains(plain, "//") || strings.ContainsAny(plain, "\\") || strings.Contains(plain, "/..") || strings.Contains(plain, "/./") ||
		strings.ContainsFunc(plain, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return false
	}
	switch page, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/"); page {
	case "rooms", "settings", "admin", "privacy":
		return strings.HasPrefix(path, "/")
	}
	return path == "/"
}

// logInPage shows the page to log in. An address that would lead elsewhere afterwards is cleaned before anybody sees it.
func (s *Server) logInPage(w http.ResponseWriter, r *http.Request) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	next := query["next"]
	if err != nil || len(next) > 1 || (len(next) == 1 && !ownPage(next[0])) {
		w.Header().Set("Cache-Control", "no-store")
		http.Redirect(w, r, "/login", http.StatusSeeOther)
		return
	}
	s.pages.index(w, r)
}
