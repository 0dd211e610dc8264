package house

import (
	"bytes"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// root is the top of the repository, as seen from this package's folder.
const root = "../.."

func report(t *testing.T, findings []Finding) {
	t.Helper()
	for _, f := range findings {
		t.Error(f)
	}
}

// tree gives the files of the repository, those that git leaves out excepted, with slashes and relative to its root.
func tree(t *testing.T) []string {
	t.Helper()
	var out, complaint bytes.Buffer
	git := exec.CommandContext(t.Context(), "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	git.Dir, git.Stdout, git.Stderr = root, &out, &complaint
	if err := git.Run(); err != nil {
		t.Logf("git ls-files: %v %s: walking instead", err, complaint.String())
		return walk(t)
	}
	names := strings.Split(strings.TrimSuffix(out.String(), "\x00"), "\x00")
	return slices.DeleteFunc(names, func(name string) bool {
		info, err := os.Stat(filepath.Join(root, name))
		return err != nil || !info.Mode().IsRegular() // deleted, and not yet committed
	})
}

// walk is tree without git, as in a source archive: what .gitignore leaves out is named here again.
func walk(t *testing.T) []string {
	t.Helper()
	var names []string
	skip := []string{".git", "node_modules", "bin", "data", "dist", "release", "out"}
	err := fs.WalkDir(os.DirFS(root), ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && slices.Contains(skip, entry.Name()):
			return fs.SkipDir
		case entry.Type().IsRegular():
			names = append(names, name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// goFiles parses the Go files of the repository by folder.
func goFiles(t *testing.T, fset *token.FileSet, names []string) (product, tests map[string][]*ast.File) {
	t.Helper()
	product, tests = map[string][]*ast.File{}, map[string][]*ast.File{}
	for _, name := range names {
		if path.Ext(name) != ".go" || strings.Contains(name, "testdata/") {
			continue
		}
		content, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		file, err := parser.ParseFile(fset, name, content, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		into := product
		if strings.HasSuffix(name, "_test.go") {
			into = tests
		}
		into[path.Dir(name)] = append(into[path.Dir(name)], file)
	}
	return product, tests
}

func TestDirection(t *testing.T) {
	for _, system := range []string{"linux", "windows", "darwin"} {
		t.Run(system, func(t *testing.T) {
			packages := goList(t, system)
			if len(packages) < 50 {
				t.Fatalf("go list gave %d packages only", len(packages))
			}
			report(t, Direction(packages))
		})
	}
}

// goList gives the packages of the product as they are built for a system, and all that they reach.
func goList(t *testing.T, system string) []Package {
	t.Helper()
	var complaint bytes.Buffer
	list := exec.CommandContext(t.Context(), "go", "list", "-deps", "-json=ImportPath,Standard,Imports,Deps", "./...")
	list.Dir, list.Stderr = root, &complaint
	list.Env = append(os.Environ(), "CGO_ENABLED=0", "GOARCH=amd64", "GOOS="+system)
	out, err := list.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, complaint.String())
	}
	var packages []Package
	decoder := json.NewDecoder(bytes.NewReader(out))
	for decoder.More() {
		var p Package
		if err := decoder.Decode(&p); err != nil {
			t.Fatal(err)
		}
		packages = append(packages, p)
	}
	return packages
}

func TestFiles(t *testing.T) {
	names := tree(t)
	if len(names) < 30 {
		t.Fatalf("found %d files only", len(names))
	}
	for _, name := range names {
		if !Text(name) {
			continue
		}
		content, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		report(t, Words(name, content))
		written := slices.Contains([]string{".go", ".ts", ".svelte", ".js", ".mjs", ".css", ".sh"}, path.Ext(name))
		if written && !strings.HasSuffix(name, ".gen.ts") {
			report(t, FileSize(name, content))
		}
	}
}

func TestGo(t *testing.T) {
	fset := token.NewFileSet()
	names := tree(t)
	product, tests := goFiles(t, fset, names)
	for _, part := range []map[string][]*ast.File{product, tests} {
		for _, files := range part {
			for _, file := range files {
				name := fset.Position(file.Pos()).Filename
				report(t, FunctionSize(fset, name, file))
				report(t, InterfaceSize(fset, name, file))
				report(t, Sleeps(fset, name, file))
			}
		}
	}
	for folder, files := range product {
		if otherModule(names, folder) {
			continue // programs of their own, which end when they are done
		}
		report(t, State(fset, path.Join(Module, folder), files))
		report(t, Leaks(fset, files, tests[folder]))
	}
}

// otherModule tells a folder that belongs to a module beside the product's.
func otherModule(names []string, folder string) bool {
	for ; folder != "."; folder = path.Dir(folder) {
		if slices.Contains(names, folder+"/go.mod") {
			return true
		}
	}
	return false
}

func TestSeams(t *testing.T) {
	fset := token.NewFileSet()
	product, tests := goFiles(t, fset, tree(t))
	for _, seam := range []string{"store", "relay"} {
		name, suite := seam+".go", path.Join(seam, seam+"test")
		i := slices.IndexFunc(product["."], func(file *ast.File) bool { return fset.Position(file.Pos()).Filename == name })
		if i < 0 {
			t.Fatalf("%s is not there", name)
		}
		if len(product[suite]) == 0 {
			t.Errorf("%s is not there", suite)
		}
		report(t, Seams(fset, Suite{Seam: product["."][i], Name: name, Contract: product[suite]}))
		for folder := range product {
			if path.Dir(folder) == seam && folder != suite && !RunsSuite(tests[folder], path.Join(Module, suite)) {
				t.Errorf("%s does not run the contract suite %s in its tests", folder, suite)
			}
		}
	}
}
