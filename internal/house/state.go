package house

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"
)

// State finds variables at package level that are state. A variable there is none if all of this holds:
//
//   - it is given its value where it is declared, and that value is made of literals, names, operators, conversions,
//     functions, and calls to the few that are known to make something that does not change (makers); or it is an
//     assertion (var _ I = T{}), or embedded files;
//   - its type is not one that exists in order to change: of the packages sync and sync/atomic, or a channel;
//   - nothing in the package writes to it or takes its address;
//   - if others can see it, it is an error, a value of an immutable kind, or embedded files: what others can see they
//     can write to.
//
// It is decided for one package, whose non-test files are given. What they import is not looked at, which is enough for
// telling what a name in the package means.
func State(fset *token.FileSet, pkgPath string, files []*ast.File) []Finding {
	info := &types.Info{
		Defs: map[*ast.Ident]types.Object{},
		Uses: map[*ast.Ident]types.Object{},
	}
	conf := types.Config{
		Importer: noImporter{},
		Error:    func(error) {}, // what is missing is what is imported
	}
	pkg, _ := conf.Check(pkgPath, fset, files, info) // always fails for what is imported, and gives the rest
	s := &stateCheck{fset: fset, info: info, written: map[types.Object]token.Pos{}}
	for _, file := range files {
		s.findWrites(file, pkg)
	}
	for _, file := range files {
		for _, decl := range file.Decls {
			if gen, ok := decl.(*ast.GenDecl); ok && gen.Tok == token.VAR {
				for _, spec := range gen.Specs {
					s.check(gen, spec.(*ast.ValueSpec)) //nolint:forcetypeassert // the parser puts nothing else there
				}
			}
		}
	}
	return sorted(s.findings)
}

// noImporter refuses every import: types then knows the package's own names, and takes the others for granted.
type noImporter struct{}

func (noImporter) Import(path string) (*types.Package, error) {
	return nil, fmt.Errorf("%s is not looked at", path)
}

type stateCheck struct {
	fset     *token.FileSet
	info     *types.Info
	written  map[types.Object]token.Pos
	findings []Finding
}

func (s *stateCheck) report(pos token.Pos, format string, args ...any) {
	p := s.fset.Position(pos)
	s.findings = append(s.findings, Finding{File: p.Filename, Line: p.Line, Text: fmt.Sprintf(format, args...)})
}

func (s *stateCheck) check(decl *ast.GenDecl, spec *ast.ValueSpec) {
	if embedded(decl, spec) {
		return
	}
	for i, name := range spec.Names {
		switch {
		case name.Name == "_":
			continue
		case changing(spec.Type):
			s.report(name.Pos(), "%s is state at package level: its type exists in order to change", name.Name)
			continue
		case len(spec.Values) != len(spec.Names):
			s.report(name.Pos(), "%s is state at package level: it has no value where it is declared", name.Name)
			continue
		}
		value := spec.Values[i]
		pos, written := s.written[s.info.Defs[name]]
		switch {
		case written:
			s.report(name.Pos(), "%s is state at package level: line %d writes to it or takes its address", name.Name, s.fset.Position(pos).Line)
		case !s.constant(value):
			s.report(name.Pos(), "%s is state at package level: its value is made by something that is not known to be immutable", name.Name)
		case name.IsExported() && !s.unchangeable(value):
			s.report(name.Pos(), "%s can be written to by every other package: give it out by a function", name.Name)
		}
	}
}

// embedded tells a variable that go:embed fills.
func embedded(decl *ast.GenDecl, spec *ast.ValueSpec) bool {
	for _, doc := range []*ast.CommentGroup{decl.Doc, spec.Doc} {
		if doc != nil && slices.ContainsFunc(doc.List, func(c *ast.Comment) bool { return strings.HasPrefix(c.Text, "//go:embed ") }) {
			return true
		}
	}
	return false
}

// changing tells a type that exists in order to change.
func changing(expr ast.Expr) bool {
	switch t := expr.(type) {
	case *ast.ChanType:
		return true
	case *ast.StarExpr:
		return changing(t.X)
	case *ast.IndexExpr:
		return changing(t.X)
	case *ast.SelectorExpr:
		pkg, ok := t.X.(*ast.Ident)
		return ok && (pkg.Name == "sync" || pkg.Name == "atomic")
	}
	return false
}

// maker tells a function whose result does not change, or guards itself against change.
func maker(name string) bool {
	switch name {
	case "errors.New", "fmt.Errorf", "earshot.Errorf", "earshot.FieldError", "Errorf", "FieldError",
		"regexp.MustCompile", "strings.NewReplacer", "netip.MustParseAddr", "netip.MustParsePrefix",
		"language.MustParse", "template.Must":
		return true
	}
	return false
}

// constant tells a value that is made without anything that could be state.
func (s *stateCheck) constant(expr ast.Expr) bool {
	ok := true
	ast.Inspect(expr, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return false // a function is a value like others; what it writes to is found elsewhere
		case *ast.CompositeLit:
			ok = ok && !changing(n.Type)
		case *ast.CallExpr:
			ok = ok && (s.conversion(n.Fun) || maker(types.ExprString(n.Fun)))
		}
		return ok
	})
	return ok
}

// conversion tells a call that only gives a value another type.
func (s *stateCheck) conversion(fun ast.Expr) bool {
	switch f := ast.Unparen(fun).(type) {
	case *ast.ArrayType, *ast.MapType, *ast.FuncType, *ast.InterfaceType:
		return true
	case *ast.Ident:
		_, ok := s.info.Uses[f].(*types.TypeName)
		return ok
	}
	return false
}

// unchangeable tells a value that others cannot write into. They can still write another in its place: that is accepted
// for errors and the like, which Go has no constants for.
func (s *stateCheck) unchangeable(expr ast.Expr) bool {
	call, ok := ast.Unparen(expr).(*ast.CallExpr)
	if ok {
		return maker(types.ExprString(call.Fun))
	}
	pointer, ok := ast.Unparen(expr).(*ast.UnaryExpr)
	if !ok || pointer.Op != token.AND {
		return false
	}
	lit, ok := pointer.X.(*ast.CompositeLit)
	return ok && strings.HasSuffix(types.ExprString(lit.Type), "Error")
}

// findWrites notes every variable at package level that a statement of the file writes to.
func (s *stateCheck) findWrites(file *ast.File, pkg *types.Package) {
	note := func(expr ast.Expr) {
		if name := base(expr); name != nil {
			obj := s.info.Uses[name]
			if v, ok := obj.(*types.Var); ok && pkg != nil && v.Parent() == pkg.Scope() {
				s.written[obj] = name.Pos()
			}
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			for _, left := range n.Lhs {
				note(left)
			}
		case *ast.IncDecStmt:
			note(n.X)
		case *ast.RangeStmt:
			note(n.Key)
			note(n.Value)
		case *ast.UnaryExpr:
			if n.Op == token.AND {
				note(n.X)
			}
		case *ast.CallExpr:
			if fun, ok := n.Fun.(*ast.Ident); ok && len(n.Args) > 0 && slices.Contains([]string{"delete", "clear", "copy"}, fun.Name) {
				note(n.Args[0])
			}
		}
		return true
	})
}

// base gives the name that an expression such as a.b[c].d begins with.
func base(expr ast.Expr) *ast.Ident {
	switch e := expr.(type) {
	case *ast.Ident:
		return e
	case *ast.SelectorExpr:
		return base(e.X)
	case *ast.IndexExpr:
		return base(e.X)
	case *ast.SliceExpr:
		return base(e.X)
	case *ast.StarExpr:
		return base(e.X)
	case *ast.ParenExpr:
		return base(e.X)
	}
	return nil
}
