// Package leaktest helps tests to look for goroutines that were left behind.
package leaktest

import (
	"time"

	"go.uber.org/goleak"
)

// patience is for how long goroutines may take to be gone once the tests are over.
const patience = time.Minute

// Patiently is for goleak.VerifyTestMain: it runs the tests, and gives the goroutines that have been told to end up to a minute to do
// so. goleak by itself waits for less than half a second, in which a busy machine may not get to run them. What is left on purpose, or
// by mistake, goleak finds as before, after that minute.
func Patiently(m goleak.TestingM) goleak.TestingM { return patient{m} }

type patient struct{ inner goleak.TestingM }

// Run implements goleak.TestingM.
func (p patient) Run() int {
	code := p.inner.Run()
	for begun := time.Now(); code == 0 && goleak.Find() != nil && time.Since(begun) < patience; {
		continue // Find waits a little itself
	}
	return code
}
