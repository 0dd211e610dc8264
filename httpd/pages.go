package httpd

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"
)

const (
	indexFile = "/index.html"
	// cacheForever is for files whose names change with their content.
	cacheForever = "public, max-age=31536000, immutable"
	// cacheChecked is for files to ask about each time: the ETag makes the answer short.
	cacheChecked = "no-cache"
	// worthGzip is the length from which compression saves a packet.
	worthGzip = 1024
)

// pages are the built pages, compressed when the server starts.
type pages struct {
	// files are by path, from "/".
	files map[string]*page
}

type page struct {
	contentType, cache string
	plain, gzip        []byte // gzip is nil where it would not be shorter
	plainTag, gzipTag  string
}

// loadPages reads what was built. The names become routes, so that no path of a request is ever looked up in a file
// system.
func loadPages(files fs.FS) (*pages, error) {
	p := &pages{files: make(map[string]*page)}
	if files == nil {
		return p, nil
	}
	err := fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || strings.HasPrefix(path.Base(name), ".") {
			return err
		}
		if strings.ContainsAny(name, "{}*") {
			return fmt.Errorf("pages: %s cannot be a route", name)
		}
		body, err := fs.ReadFile(files, name)
		if err != nil {
			return fmt.Errorf("pages: %w", err)
		}
		p.files["/"+name], err = newPage(name, body)
		return err
	})
	return p, err
}

func newPage(name string, body []byte) (*page, error) {
	sum := sha256.Sum256(body)
	tag := hex.EncodeToString(sum[:12])
	p := &page{contentType: contentTypeOf(name), cache: cacheChecked, plain: body, plainTag: `"` + tag + `"`}
	if strings.HasPrefix(name, "assets/") {
		p.cache = cacheForever
	}
	if len(body) < worthGzip {
		return p, nil
	}
	var packed bytes.Buffer
	zip, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := zip.Write(body); err != nil {
		return nil, err
	}
	if err := zip.Close(); err != nil {
		return nil, err
	}
	if packed.Len() < len(body)*9/10 { // pictures and fonts are compressed already
		p.gzip, p.gzipTag = packed.Bytes(), `"`+tag+`-gzip"`
	}
	return p, nil
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
	page.serve(w, r)
}

// file answers with one of the built files.
func (p *pages) file(w http.ResponseWriter, r *http.Request) { p.files[r.URL.Path].serve(w, r) }

func (p *page) serve(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", p.contentType)
	h.Set("Cache-Control", p.cache)
	body, tag := p.plain, p.plainTag
	if p.gzip != nil {
		h.Add("Vary", "Accept-Encoding")
		if acceptsGzip(r.Header.Get("Accept-Encoding")) {
			body, tag = p.gzip, p.gzipTag
			h.Set("Content-Encoding", "gzip")
		}
	}
	h.Set("ETag", tag)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body)) // it answers If-None-Match and Range
}

// acceptsGzip reads Accept-Encoding (RFC 9110, section 12.5.3) as far as gzip is concerned.
func acceptsGzip(header string) bool {
	for coding := range strings.SplitSeq(header, ",") {
		name, weight, _ := strings.Cut(coding, ";")
		if !strings.EqualFold(strings.TrimSpace(name), "gzip") {
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
