package httpd

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strings"
)

// aheadFile is where the build of the page wrote which files its views need beside what index.html names.
const aheadFile = ".ahead.json"

// ahead is what browsers are told to fetch beside the first script, as values of the field Link (RFC 8288; the relations are
// those of HTML, "Link types"): the page finds out that it needs them only when that has run. It is a hint: whoever guesses
// wrong fetches some kilobytes for later, and whoever does not know it has them a little later.
type ahead struct {
	login, room []string
}

// asking is the call that the page begins with.
const asking = "</api/v1/server>; rel=preload; as=fetch; crossorigin"

// loadAhead reads what the build wrote. A page without it is served all the same.
func loadAhead(files fs.FS) (ahead, error) {
	text, err := fs.ReadFile(files, aheadFile)
	if errors.Is(err, fs.ErrNotExist) {
		return ahead{}, nil
	}
	if err != nil {
		return ahead{}, fmt.Errorf("pages: %w", err)
	}
	var built struct{ Login, Room []string }
	if err := json.Unmarshal(text, &built); err != nil {
		return ahead{}, fmt.Errorf("pages: %s: %w", aheadFile, err)
	}
	return ahead{login: links(built.Login), room: links(built.Room)}, nil
}

// links are the values for some files of the page.
func links(files []string) []string {
	values := []string{asking}
	for _, file := range files {
		switch path.Ext(file) {
		case ".js":
			values = append(values, "<"+file+">; rel=modulepreload")
		case ".css":
			values = append(values, "<"+file+">; rel=preload; as=style")
		}
	}
	return values
}

// of tells which a request for a page is to be answered with. Whether a cookie is good is not looked at here: it only tells
// which page is likely to be shown.
func (a *ahead) of(r *http.Request) []string {
	known := len(r.CookiesNamed(cookieName))+len(r.CookiesNamed(hostCookieName)) > 0
	at := r.URL.Path
	talks := at == "/" || at == "/rooms" || strings.HasPrefix(at, "/rooms/")
	switch {
	case known && talks:
		return a.room
	case !known && (talks || at == "/login"):
		return a.login
	}
	return nil
}
