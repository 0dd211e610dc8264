package house

import (
	"go/ast"
	"go/token"
	"slices"
)

// Leaks finds a package that starts goroutines and whose tests do not look for those that stay. The first goroutine is
// told, and a package whose tests have the gate is not.
func Leaks(fset *token.FileSet, files, tests []*ast.File) []Finding {
	if slices.ContainsFunc(tests, gated) {
		return nil
	}
	for _, file := range files {
		var found []Finding
		ast.Inspect(file, func(n ast.Node) bool {
			if statement, ok := n.(*ast.GoStmt); ok && found == nil {
				p := fset.Position(statement.Pos())
				found = []Finding{{File: p.Filename, Line: p.Line, Text: "starts a goroutine, and no TestMain of the package looks for leaks (goleak.VerifyTestMain)"}}
			}
			return found == nil
		})
		if found != nil {
			return found
		}
	}
	return nil
}

// gated tells whether a test file has the leak gate.
func gated(file *ast.File) bool {
	found := false
	ast.Inspect(file, func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectorExpr); ok {
			pkg, isName := sel.X.(*ast.Ident)
			found = found || isName && pkg.Name == "goleak" && sel.Sel.Name == "VerifyTestMain"
		}
		return !found
	})
	return found
}
