package house

import (
	"go/ast"
	"go/token"
	"go/types"
)

// Sleeps finds calls of time.Sleep outside of synctest.Test. Within it time is the test's own: sleeping costs none and
// ends exactly when everybody else waits. Elsewhere it is a guess at how long something takes, and wrong on a slow
// machine or a waste on a fast one.
func Sleeps(fset *token.FileSet, name string, file *ast.File) []Finding {
	var findings []Finding
	ast.Inspect(file, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		switch types.ExprString(call.Fun) {
		case "synctest.Test":
			return false
		case "time.Sleep":
			findings = append(findings, Finding{
				File: name, Line: fset.Position(call.Pos()).Line,
				Text: "sleeps: wait for the condition, or let the test run in synctest.Test",
			})
		}
		return true
	})
	return findings
}
