package httpd

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"
)

const (
	indexFile = "/index.html"
	// lostFile is the page for an address that has none.
	lostFile = "/lost.html"
	// cacheForever is for files whose names change with their content.
	cacheForever = "public, max-age=31536000, immutable"
	// cacheChecked is for files to ask about each time: the ETag makes the answer short.
	cacheChecked = "no-cache"
	// worthPacking is the length from which compression saves a packet.
	worthPacking = 1024
	// brotliSuffix is what the build adds to the name of a file that it compressed by Brotli (RFC 7932).
	brotliSuffix = ".br"
)

// pages are the built pages: compressed by Brotli when they were built, and by gzip when the server starts, for browsers on plain
// HTTP, which take nothing else there.
type pages struct {
	// files are by path, from "/".
	files map[string]*page
	ahead ahead
}

type page struct {
	contentType, cache string
	plain              sending
	packed             []sending // what browsers take, the shortest first; none where it would not be shorter
}

// sending is a page as it is sent under one content coding (RFC 9110, section 8.4.1).
type sending struct {
	coding string // empty for none
	body   []byte
	tag    string
}

// loadPages reads what was built. The names become routes, so that no path of a request is ever looked up in a file
// system.
func loadPages(files fs.FS) (*pages, error) {
	p := &pages{files: make(map[string]*page)}
	if files == nil {
		return p, nil
	}
	err := fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || strings.HasPrefix(path.Base(name), ".") || strings.HasSuffix(name, brotliSuffix) {
			return err
		}
		if strings.ContainsAny(name, "{}*") {
			return fmt.Errorf("pages: %s cannot be a route", name)
		}
		body, err := fs.ReadFile(files, name)
		if err != nil {
			return fmt.Errorf("pages: %w", err)
		}
		brotli, err := fs.ReadFile(files, name+brotliSuffix)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("pages: %w", err)
		}
		p.files["/"+name], err = newPage(name, body, brotli)
		return err
	})
	if err != nil {
		return nil, err
	}
	p.ahead, err = loadAhead(files)
	return p, err
}

// newPage makes a page of a file. brotli is what the build made of it; nil where it made nothing.
func newPage(name string, body, brotli []byte) (*page, error) {
	sum := sha256.Sum256(body)
	tag := hex.EncodeToString(sum[:12])
	p := &page{contentType: contentTypeOf(name), cache: cacheChecked, plain: sending{body: body, tag: `"` + tag + `"`}}
	if strings.HasPrefix(name, "assets/") {
		p.cache = cacheForever
	}
	if len(body) < worthPacking {
		return p, nil
	}
	gzip, err := gzipped(body)
	if err != nil {
		return nil, err
	}
	for _, packed := range []sending{{"br", brotli, `"` + tag + `-br"`}, {"gzip", gzip, `"` + tag + `-gzip"`}} {
		if packed.body != nil && len(packed.body) < len(body)*9/10 { // pictures and fonts are compressed already
			p.packed = append(p.packed, packed)
		}
	}
	return p, nil
}

func gzipped(body []byte) ([]byte, error) {
	var packed bytes.Buffer
	zip, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := zip.Write(body); err != nil {
		return nil, err
	}
	err = zip.Close()
	return packed.Bytes(), err
}

// index answers with the one page, which finds out from its address what to show.
func (p *pages) index(w http.ResponseWriter, r *http.Request) {
	page, ok := p.files[indexFile]
	if !ok {
		w.Header().Set("Cache-Control", "no-store")
		http.Error(w, "The page was not built into this server: run `make build`, or `npm ci && npm run build` in the folder web, "+
			"and build the server again. The API and the socket work without it.", http.StatusServiceUnavailable)
		return
	}
	w.Header()["Link"] = p.ahead.of(r)
	w.Header().Set("Vary", "Cookie") // what is told ahead
	page.serve(w, r)
}

// file answers with one of the built files.
func (p *pages) file(w http.ResponseWriter, r *http.Request) { p.files[r.URL.Path].serve(w, r) }

func (p *page) serve(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", p.contentType)
	h.Set("Cache-Control", p.cache)
	sent := p.plain
	if len(p.packed) > 0 {
		h.Add("Vary", "Accept-Encoding")
		takes := r.Header.Get("Accept-Encoding")
		if i := slices.IndexFunc(p.packed, func(c sending) bool { return accepts(takes, c.coding) }); i >= 0 {
			sent = p.packed[i]
			h.Set("Content-Encoding", sent.coding)
		}
	}
	h.Set("ETag", sent.tag)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(sent.body)) // it answers If-None-Match and Range
}

// accepts reads Accept-Encoding (RFC 9110, section 12.5.3) as far as one coding is concerned.
func accepts(header, coding string) bool {
	for one := range strings.SplitSeq(header, ",") {
		name, weight, _ := strings.Cut(one, ";")
		if !strings.EqualFold(strings.TrimSpace(name), coding) {
			continue
		}
		weight = strings.ReplaceAll(strings.TrimSpace(weight), " ", "")
		return weight == "" || strings.Trim(strings.TrimPrefix(strings.ToLower(weight), "q="), "0.") != ""
	}
	return false
}

// contentTypeOf knows the types of what a page is built of. It does not ask the system, whose answers differ: a wrong
// type for a script, with nosniff, is a blank page.
func contentTypeOf(name string) string {
	switch path.Ext(name) {
	case ".html":
		return "text/html; charset=utf-8"
	case ".js", ".mjs":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".json", ".map":
		return "application/json"
	case ".webmanifest":
		return "application/manifest+json"
	case ".svg":
		return "image/svg+xml"
	case ".png":
		return "image/png"
	case ".ico":
		return "image/x-icon"
	case ".webp":
		return "image/webp"
	case ".woff2":
		return "font/woff2"
	case ".yaml":
		return "application/yaml" // RFC 9512
	case ".txt":
		return "text/plain; charset=utf-8"
	}
	return "application/octet-stream"
}
