// Package trial puts the server to the proof of endurance: many connections for long, slow ones, and storms of them. What
// is asked of it is in docs/performance.md, "Endurance".
package trial

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Report is what came out of all trials.
type Report struct {
	// Command is how they were run, Date on which day, Machine on what, Seed what chance was drawn from.
	Command string `json:"command"`
	Date    string `json:"date"`
	Machine string `json:"machine"`
	Seed    uint64 `json:"seed"`
	// Results are the trials, in the order in which they were run.
	Results []*Result `json:"results"`
}

// Result is what came out of one trial.
type Result struct {
	// Name is the trial's, Title what is done in it.
	Name  string `json:"name"`
	Title string `json:"title"`
	// Failed is why the trial came to no end; the figures up to there are of little use.
	Failed string `json:"failed,omitempty"`
	// Said is the end of what the server printed, if the trial failed.
	Said string `json:"said,omitempty"`
	// Seconds is how long it took in all.
	Seconds float64 `json:"seconds"`
	// Rows are the figures.
	Rows []Row `json:"rows"`
	// Notes are the first few faults in words.
	Notes []string `json:"notes,omitempty"`
}

// Row is one figure.
type Row struct {
	What  string  `json:"what"`
	Value float64 `json:"value"`
	Unit  string  `json:"unit,omitempty"`
	// Bound is the most, or with Least the least, that the value may be; nil asks nothing.
	Bound *float64 `json:"bound,omitempty"`
	Least bool     `json:"least,omitempty"`
	// Unknown says that it could not be measured here, and why.
	Unknown string `json:"unknown,omitempty"`
}

// OK tells whether the value is within its bound. What was not measured is not within any.
func (r Row) OK() bool {
	switch {
	case r.Bound == nil:
		return true
	case r.Unknown != "" || math.IsNaN(r.Value):
		return false
	case r.Least:
		return r.Value >= *r.Bound
	}
	return r.Value <= *r.Bound
}

// note adds a figure that nothing is asked of.
func (r *Result) note(what string, value float64, unit string) {
	r.Rows = append(r.Rows, Row{What: what, Value: value, Unit: unit})
}

// most adds a figure that may be no more than the bound.
func (r *Result) most(what string, value, bound float64, unit string) {
	r.Rows = append(r.Rows, Row{What: what, Value: value, Unit: unit, Bound: &bound})
}

// least adds a count that may be no less than the bound: so that a trial in which nothing happened does not pass.
func (r *Result) least(what string, value, bound float64) {
	r.Rows = append(r.Rows, Row{What: what, Value: value, Bound: &bound, Least: true})
}

// unknown adds a figure that could not be had.
func (r *Result) unknown(what, why string) {
	r.Rows = append(r.Rows, Row{What: what, Unknown: why})
}

// OK tells whether the trial came to its end and all is within its bounds.
func (r *Result) OK() bool {
	for _, row := range r.Rows {
		if !row.OK() {
			return false
		}
	}
	return r.Failed == "" && len(r.Rows) > 0
}

// OK tells whether all trials passed, and there were any.
func (r *Report) OK() bool {
	for _, t := range r.Results {
		if !t.OK() {
			return false
		}
	}
	return len(r.Results) > 0
}

// Markdown is the report as a table for each trial.
func (r *Report) Markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "Measured on %s with `%s`, seed %d.\n\nMachine: %s.\n", r.Date, r.Command, r.Seed, r.Machine)
	for _, t := range r.Results {
		fmt.Fprintf(&b, "\n### %s: %s\n\n", t.Name, t.Title)
		b.WriteString("| figure | measured | bound | |\n|---|--:|--:|---|\n")
		for _, row := range t.Rows {
			b.WriteString(row.line())
		}
		fmt.Fprintf(&b, "\nIt took %.0f s: %s.\n", t.Seconds, verdict(t.OK()))
		if t.Failed != "" {
			fmt.Fprintf(&b, "\nIt came to no end: %s\n", t.Failed)
		}
		if t.Said != "" {
			fmt.Fprintf(&b, "\nThe server said: %s\n", t.Said)
		}
		for _, note := range t.Notes {
			fmt.Fprintf(&b, "- %s\n", note)
		}
	}
	return b.String()
}

func (r Row) line() string {
	value, bound, ok := amount(r.Value, r.Unit), "", ""
	if r.Unknown != "" {
		value = "not known: " + r.Unknown
	}
	if r.Bound != nil {
		sign := "≤ "
		if r.Least {
			sign = "≥ "
		}
		bound, ok = sign+amount(*r.Bound, r.Unit), verdict(r.OK())
	}
	return fmt.Sprintf("| %s | %s | %s | %s |\n", r.What, value, bound, ok)
}

func verdict(ok bool) string {
	if ok {
		return "pass"
	}
	return "**FAIL**"
}

// amount writes a value with its unit: counts whole, all else with two digits.
func amount(v float64, unit string) string {
	digits := 2
	if v == math.Trunc(v) {
		digits = 0
	}
	text := strconv.FormatFloat(v, 'f', digits, 64)
	switch unit {
	case "":
		return text
	case "%":
		return text + " %"
	}
	return text + " " + unit
}
