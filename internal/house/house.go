// Package house holds the rules of the house that no linter knows: the direction of dependencies through any number of
// packages, the size of files, functions and interfaces, state at package level, a contract suite for every seam, and
// what may not stand in a file that is handed out. Its tests hold the repository to them, and break each rule once on
// purpose, in testdata, to see that it would be noticed.
//
// docs/architecture.md says what the rules are for.
package house

import (
	"cmp"
	"fmt"
	"slices"
)

// Bounds of what a reader should have to hold in mind at once, in lines and methods.
const (
	MaxFileLines        = 500
	MaxFunctionLines    = 70
	MaxInterfaceMethods = 7
)

// Finding is one place that breaks a rule.
type Finding struct {
	// File is relative to the root of the repository; for a dependency it is the import path.
	File string
	// Line is 0 where the whole file is meant.
	Line int
	// Text says what is wrong and what would be right.
	Text string
}

// String gives the finding in the form that editors jump to.
func (f Finding) String() string {
	if f.Line == 0 {
		return fmt.Sprintf("%s: %s", f.File, f.Text)
	}
	return fmt.Sprintf("%s:%d: %s", f.File, f.Line, f.Text)
}

// sorted puts findings in the order of their places.
func sorted(findings []Finding) []Finding {
	slices.SortStableFunc(findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
	})
	return findings
}
