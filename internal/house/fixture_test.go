package house

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// fixture parses a file of testdata, and gives what it wants found: the part of the sentence, by line.
func fixture(t *testing.T, fset *token.FileSet, name string) (*ast.File, map[int]string) {
	t.Helper()
	file, err := parser.ParseFile(fset, filepath.Join("testdata", name), nil, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	want := map[int]string{}
	pattern := regexp.MustCompile(`^// want "(.*)"$`)
	for _, group := range file.Comments {
		for _, comment := range group.List {
			if found := pattern.FindStringSubmatch(comment.Text); found != nil {
				want[fset.Position(comment.Pos()).Line] = found[1]
			}
		}
	}
	return file, want
}

// expect compares what was found with what a fixture wants.
func expect(t *testing.T, found []Finding, want map[int]string) {
	t.Helper()
	want = maps.Clone(want)
	for _, f := range found {
		part, ok := want[f.Line]
		if !ok || !strings.Contains(f.Text, part) {
			t.Errorf("found, and not wanted: %v", f)
		}
		delete(want, f.Line)
	}
	for _, line := range slices.Sorted(maps.Keys(want)) {
		t.Errorf("line %d: wanted, and not found: %s", line, want[line])
	}
}

func TestStateIsFound(t *testing.T) {
	fset := token.NewFileSet()
	file, want := fixture(t, fset, "state/state.go")
	expect(t, State(fset, "state", []*ast.File{file}), want)
}

func TestSizesAreFound(t *testing.T) {
	fset := token.NewFileSet()
	file, want := fixture(t, fset, "size/functions.go")
	expect(t, FunctionSize(fset, "functions.go", file), want)
	file, want = fixture(t, fset, "size/interfaces.go")
	expect(t, InterfaceSize(fset, "interfaces.go", file), want)

	for lines, most := range map[string]int{
		strings.Repeat("a\n", MaxFileLines):       0,
		strings.Repeat("a\n", MaxFileLines) + "a": 1,
		strings.Repeat("a\n", MaxFileLines+1):     1,
		"":                                        0,
	} {
		if found := FileSize("a.go", []byte(lines)); len(found) != most {
			t.Errorf("%d bytes: found %v", len(lines), found)
		}
	}
}

func TestUntriedSeamIsFound(t *testing.T) {
	fset := token.NewFileSet()
	seam, want := fixture(t, fset, "seams/seam.go")
	contract, _ := fixture(t, fset, "seams/contract.go")
	expect(t, Seams(fset, Suite{Seam: seam, Name: "seam.go", Contract: []*ast.File{contract}}), want)

	if found := Seams(fset, Suite{Seam: seam, Name: "seam.go"}); len(found) != 5 {
		t.Errorf("without a suite all 5 methods should be found: %v", found)
	}
	gate, _ := fixture(t, fset, "leaks/gate.go")
	if !RunsSuite([]*ast.File{gate}, "go.uber.org/goleak") || RunsSuite([]*ast.File{gate}, "go.uber.org/multierr") {
		t.Error("RunsSuite does not see what is imported")
	}
}

func TestSleepIsFound(t *testing.T) {
	fset := token.NewFileSet()
	file, want := fixture(t, fset, "sleep/sleep.go")
	expect(t, Sleeps(fset, "sleep.go", file), want)
}

func TestMissingLeakGateIsFound(t *testing.T) {
	fset := token.NewFileSet()
	starts, want := fixture(t, fset, "leaks/starts.go")
	gate, _ := fixture(t, fset, "leaks/gate.go")
	expect(t, Leaks(fset, []*ast.File{starts}, nil), want)
	expect(t, Leaks(fset, []*ast.File{starts}, []*ast.File{gate}), nil)
	expect(t, Leaks(fset, []*ast.File{gate}, nil), nil)
}

func TestWrongDirectionIsFound(t *testing.T) {
	const m = Module
	standard := Package{ImportPath: "time", Standard: true}
	foreign := Package{ImportPath: "example.org/lib"}
	for _, test := range []struct {
		pkg  Package
		want string
	}{
		{Package{ImportPath: m, Imports: []string{"time"}, Deps: []string{"time"}}, ""},
		{Package{ImportPath: m, Imports: []string{"example.org/lib"}, Deps: []string{"example.org/lib"}}, "standard library only"},
		{Package{ImportPath: m, Imports: []string{m + "/names"}}, "imports " + m + "/names"},
		{Package{ImportPath: m + "/hub", Imports: []string{m, "example.org/lib"}}, ""},
		{Package{ImportPath: m + "/hub", Imports: []string{m + "/account"}}, "imports " + m + "/account"},
		{Package{ImportPath: m + "/hub", Deps: []string{"net/http"}}, "reaches net/http"},
		{Package{ImportPath: m + "/account", Imports: []string{m + "/store/sqlstore"}}, "imports " + m + "/store/sqlstore"},
		{Package{ImportPath: m + "/wire", Imports: []string{m + "/hub"}}, "imports " + m + "/hub"},
		{Package{ImportPath: m + "/transport/ws", Imports: []string{m, m + "/hub", m + "/account", m + "/wire"}}, ""},
		{Package{ImportPath: m + "/transport/ws", Imports: []string{m + "/transport/sse"}}, "imports " + m + "/transport/sse"},
		{Package{ImportPath: m + "/transport/ws", Imports: []string{m + "/relay/local"}}, "imports " + m + "/relay/local"},
		{Package{ImportPath: m + "/httpd", Imports: []string{m + "/transport/ws"}}, "imports " + m + "/transport/ws"},
		{Package{ImportPath: m + "/store/sqlstore", Imports: []string{m + "/hub"}}, "imports " + m + "/hub"},
		{Package{ImportPath: m + "/relay/natsrelay", Imports: []string{m, m + "/wire"}}, ""},
		{Package{ImportPath: m + "/relay/local", Imports: []string{m, m + "/wire"}}, "imports " + m + "/wire"},
		{Package{ImportPath: m + "/cmd/earshot", Imports: []string{m + "/hub", m + "/store/sqlstore"}}, ""},
		{Package{ImportPath: m + "/cmd/earshot", Deps: []string{"testing"}}, "reaches testing"},
		{Package{ImportPath: m + "/plugins"}, "no place in the plan"},
		{Package{ImportPath: "example.org/other", Imports: []string{m + "/hub"}}, ""},
	} {
		found := Direction([]Package{standard, foreign, test.pkg})
		text := fmt.Sprint(found)
		if test.want == "" && len(found) > 0 || !strings.Contains(text, test.want) || len(found) > 1 {
			t.Errorf("%s %v: found %v, want %q", test.pkg.ImportPath, test.pkg.Imports, found, test.want)
		}
	}
}

func TestWordsAreFound(t *testing.T) {
	for line, want := range map[string]string{
		"a plain line, with naïve letters and 👩‍🚀 emoji": "",
		"\tindented":                "",
		"see docs/adr/0001 and #12": "",
		"// TO" + "DO: later":       "do it",
		"in /ho" + "me/ana/earshot": "one machine",
		"cd /wo" + "rk/main":        "one machine",
		"open /tm" + "p/x":          "temporary folder",
		"for iss" + "ue 2":          "lost with it",
		"blank ":                    "blanks",
		"left\u202eright":           "cannot see",
		"zero\u200bwidth":           "cannot see",
		"carriage\r":                "cannot see",
		`"resolved": "htt` + `p://localhost:4873/a.tgz"`: "no registry",
		"it.on" + "ly('a')": "left out",
		"it.sk" + "ip('a')": "proves nothing",
	} {
		found := Words("a.txt", []byte("first\n"+line+"\n"))
		if want == "" && len(found) > 0 || want != "" && (len(found) != 1 || !strings.Contains(found[0].Text, want) || found[0].Line != 2) {
			t.Errorf("%q: found %v, want %q", line, found, want)
		}
	}
	if found := Words("a.txt", []byte("no end")); len(found) != 1 {
		t.Errorf("a missing line break at the end: found %v", found)
	}
	if found := Words("a.txt", []byte("\xff\n")); len(found) != 1 {
		t.Errorf("no UTF-8: found %v", found)
	}
}
