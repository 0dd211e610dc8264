//go:build unix

package privacy

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// panics are the places at which the program panics by itself, by file and value, and why the value holds no text: what a
// panic says is printed when the program ends by it.
func panics() map[string]string {
	return map[string]string{
		"account/validate.go: err":                                        "a list that does not unpack, which is part of the program",
		"cmd/earshot/run.go: exited(code)":                                "a number",
		"cmd/earshot/run.go: v":                                           "what another panic said",
		"cmd/earshot/run.go: err":                                         "a fault of the command line's grammar",
		"cmd/earshot/upgrade.go: err":                                     "numbers that do not encode",
		"httpd/middleware.go: v":                                          "net/http's ErrAbortHandler",
		"httpd/problem.go: err":                                           "a refusal that does not encode; errors of JSON name a place, not what stands there",
		"internal/openid/openidtest/provider.go: http.ErrAbortHandler":    "net/http's own, in a provider for tests",
		`wire/encode.go: "wire: a frame does not encode: " + err.Error()`: "likewise; frames that are made so hold no text of a message",
	}
}

// TestPanics wants a reason for each panic of the program.
func TestPanics(t *testing.T) {
	const root = "../.."
	known := panics()
	found := map[string]bool{}
	fset := token.NewFileSet()
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if slices.Contains([]string{"bench", "bin", "e2e", "node_modules", "web", ".git", "testdata", "data"}, entry.Name()) {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(rel, ".go") || strings.HasSuffix(rel, "_test.go") {
			return nil
		}
		file, err := parser.ParseFile(fset, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok && types.ExprString(call.Fun) == "panic" {
				at := filepath.ToSlash(rel) + ": " + types.ExprString(call.Args[0])
				found[at] = true
				if known[at] == "" {
					t.Errorf("%s: say here why what it panics with holds nothing that anybody wrote", at)
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range slices.Sorted(maps.Keys(known)) {
		if !found[at] {
			t.Errorf("%s is no more", at)
		}
	}
}
