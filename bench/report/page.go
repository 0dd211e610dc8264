package report

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
)

// The page's own words stay; what is between these marks is written anew.
const (
	markBegin = "<!-- bench: begin -->"
	markEnd   = "<!-- bench: end -->"
)

// Write puts the tables into performance.md in the directory, between its marks, and the plot beside it.
func (r *Results) Write(docs string) error {
	page := filepath.Join(docs, "performance.md")
	text, err := os.ReadFile(page) //nolint:gosec // the path is the user's
	if err != nil {
		return err
	}
	written, err := between(string(text), "\n"+r.Markdown()+"\n")
	if err != nil {
		return err
	}
	if err := os.WriteFile(page, []byte(written), 0o644); err != nil { //nolint:gosec // a page for everybody
		return err
	}
	svg := r.SVG()
	if svg == "" {
		return nil
	}
	return os.WriteFile(filepath.Join(docs, "performance.svg"), []byte(svg), 0o644) //nolint:gosec // a picture for everybody
}

// between puts what is between the marks of a page in place of what was there.
func between(page, what string) (string, error) {
	head, rest, ok := strings.Cut(page, markBegin)
	if !ok {
		return "", errors.New("performance.md has no " + markBegin)
	}
	_, tail, ok := strings.Cut(rest, markEnd)
	if !ok {
		return "", errors.New("performance.md has no " + markEnd)
	}
	return head + markBegin + "\n" + what + markEnd + tail, nil
}
