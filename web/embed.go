// Package web holds the built page, so that the binary needs no file beside it.
package web

import (
	"embed"
	"fmt"
	"io/fs"
)

// dist is what `npm run build` made. In a fresh clone it holds .gitkeep only: then the binary builds all the same and
// Files has no index.html.
//
//go:embed all:dist
var dist embed.FS

// Files gives the built page, with index.html at its root. What lies under assets/ has a hash of its content in its
// name and may be cached for ever; everything else may be new at the next release. Before the first build of the page
// there is no index.html: opening it gives fs.ErrNotExist.
func Files() (fs.FS, error) {
	files, err := fs.Sub(dist, "dist")
	if err != nil {
		return nil, fmt.Errorf("page: %w", err)
	}
	return files, nil
}
