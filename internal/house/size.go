package house

import (
	"fmt"
	"go/ast"
	"go/token"
	"strings"
)

// FileSize finds a file over MaxFileLines. A last line without a line break counts.
func FileSize(name string, content []byte) []Finding {
	lines := strings.Count(string(content), "\n")
	if len(content) > 0 && content[len(content)-1] != '\n' {
		lines++
	}
	if lines <= MaxFileLines {
		return nil
	}
	return []Finding{{File: name, Text: fmt.Sprintf("has %d lines; %d are the most: divide it by what it is about", lines, MaxFileLines)}}
}

// FunctionSize finds functions, also those without a name, whose bodies have over MaxFunctionLines lines.
func FunctionSize(fset *token.FileSet, name string, file *ast.File) []Finding {
	var findings []Finding
	ast.Inspect(file, func(n ast.Node) bool {
		var what string
		var body *ast.BlockStmt
		switch n := n.(type) {
		case *ast.FuncDecl:
			what, body = n.Name.Name, n.Body
		case *ast.FuncLit:
			what, body = "a function literal", n.Body
		}
		if body == nil {
			return true
		}
		first := fset.Position(body.Lbrace).Line
		if lines := fset.Position(body.Rbrace).Line - first - 1; lines > MaxFunctionLines {
			findings = append(findings, Finding{
				File: name, Line: first,
				Text: fmt.Sprintf("%s has %d lines; %d are the most: tell its parts apart", what, lines, MaxFunctionLines),
			})
		}
		return true
	})
	return findings
}

// InterfaceSize finds interfaces that state over MaxInterfaceMethods methods of their own. One that is put together of
// small ones counts each of them as one.
func InterfaceSize(fset *token.FileSet, name string, file *ast.File) []Finding {
	var findings []Finding
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.TypeSpec)
		if !ok {
			return true
		}
		i, ok := spec.Type.(*ast.InterfaceType)
		if !ok {
			return true
		}
		methods := 0
		for _, field := range i.Methods.List {
			methods += max(1, len(field.Names))
		}
		if methods > MaxInterfaceMethods {
			findings = append(findings, Finding{
				File: name, Line: fset.Position(spec.Pos()).Line,
				Text: fmt.Sprintf("%s has %d methods; %d are the most: divide it by who calls them", spec.Name.Name, methods, MaxInterfaceMethods),
			})
		}
		return true
	})
	return findings
}
