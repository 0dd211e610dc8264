package house

import (
	"fmt"
	"go/ast"
	"go/token"
	"slices"
)

// Suite is the contract of a seam: the interfaces that a file of the root states, and the package that holds every
// adapter to them.
type Suite struct {
	// Seam is the file that states the interfaces.
	Seam *ast.File
	// Name is the seam's file, for what is found.
	Name string
	// Contract are the files of the suite's package; none if there is no such package.
	Contract []*ast.File
}

// Seams finds methods of a seam's interfaces that its contract suite neither calls nor implements: what is promised and
// never tried holds on no adapter for long.
func Seams(fset *token.FileSet, suite Suite) []Finding {
	var used []string
	for _, file := range suite.Contract {
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.SelectorExpr:
				used = append(used, n.Sel.Name)
			case *ast.FuncDecl:
				if n.Recv != nil {
					used = append(used, n.Name.Name)
				}
			}
			return true
		})
	}
	var findings []Finding
	ast.Inspect(suite.Seam, func(n ast.Node) bool {
		spec, ok := n.(*ast.TypeSpec)
		if !ok {
			return true
		}
		i, ok := spec.Type.(*ast.InterfaceType)
		if !ok {
			return true
		}
		for _, method := range i.Methods.List {
			for _, name := range method.Names {
				if !slices.Contains(used, name.Name) {
					findings = append(findings, Finding{
						File: suite.Name, Line: fset.Position(name.Pos()).Line,
						Text: fmt.Sprintf("%s.%s is not tried by the contract suite", spec.Name.Name, name.Name),
					})
				}
			}
		}
		return true
	})
	return sorted(findings)
}

// RunsSuite tells whether one of an adapter's files imports the package of the contract suite.
func RunsSuite(files []*ast.File, suite string) bool {
	return slices.ContainsFunc(files, func(file *ast.File) bool {
		return slices.ContainsFunc(file.Imports, func(spec *ast.ImportSpec) bool { return spec.Path.Value == `"`+suite+`"` })
	})
}
