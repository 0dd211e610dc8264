// Package report makes a table and a plot of what came out.
package report

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/earshot-chat/earshot/bench/work"
)

// Results is what came out of a whole benchmark.
type Results struct {
	// Command is how it was run, Date on which day, Machine on what.
	Command string `json:"command"`
	Date    string `json:"date"`
	Machine string `json:"machine"`
	// Rounds is how often each was run; the figures are medians.
	Rounds int `json:"rounds"`
	// Quick says that the workloads were not of full size.
	Quick bool `json:"quick"`
	// Candidates is who took part, in the order of the table, and Notes is what there is to say of each.
	Candidates []string          `json:"candidates"`
	Notes      map[string]string `json:"notes"`
	// Skipped is who did not take part, and why.
	Skipped map[string]string `json:"skipped"`
	// Works is what was done, by key and title.
	Works []Title `json:"works"`
	// Outcomes is everything measured.
	Outcomes []work.Outcome `json:"outcomes"`
}

// Title names a workload.
type Title struct {
	Key   string `json:"key"`
	Title string `json:"title"`
}

// median returns the median of a figure over the rounds that gave one, and NaN where none did.
func (r *Results) median(key, candidate string, figure func(work.Outcome) float64) float64 {
	var all []float64
	for _, o := range r.Outcomes {
		if o.Work == key && o.Candidate == candidate && o.Failed == "" {
			all = append(all, figure(o))
		}
	}
	return Median(all)
}

// Median is the middle one, or the mean of the middle two; NaN for none. It does not change v.
func Median(v []float64) float64 {
	if len(v) == 0 {
		return math.NaN()
	}
	v = slices.Sorted(slices.Values(v))
	return (v[(len(v)-1)/2] + v[len(v)/2]) / 2
}

// column is one figure of a table.
type column struct {
	title  string
	figure func(work.Outcome) float64
	format func(float64) string
	// toFloor adds how many times the floor's it is.
	toFloor bool
}

func cpu() column {
	return column{"server CPU per delivery", func(o work.Outcome) float64 { return o.CPU }, micro, true}
}

func rate() column {
	return column{"deliveries/s", func(o work.Outcome) float64 { return o.Rate }, whole, false}
}

func latency() []column {
	return []column{
		{"p50", func(o work.Outcome) float64 { return o.P50 }, milli, false},
		{"p99", func(o work.Outcome) float64 { return o.P99 }, milli, true},
		{"p99.9", func(o work.Outcome) float64 { return o.P999 }, milli, false},
	}
}

func columns(key string) []column {
	rss := column{"memory per connection", func(o work.Outcome) float64 { return o.RSS }, kilo, false}
	switch key {
	case "a":
		return []column{
			rss,
			{"after traffic", func(o work.Outcome) float64 { return o.RSSAfter }, kilo, false},
			{"empty server", func(o work.Outcome) float64 { return float64(o.RSSEmpty) }, mega, false},
		}
	case "d", "e":
		return append(latency(), cpu(), rate())
	case "g":
		return []column{
			{"connections/s", func(o work.Outcome) float64 { return o.Connects }, whole, false},
			{"server CPU per connection", func(o work.Outcome) float64 { return o.ConnectCPU }, micro, true},
		}
	case "h":
		return append([]column{cpu(), rate(), rss}, latency()...)
	}
	return append([]column{cpu(), rate()}, latency()...)
}

func micro(v float64) string { return fmt.Sprintf("%.2f µs", v) }
func milli(v float64) string { return fmt.Sprintf("%.2f ms", v/1000) }
func kilo(v float64) string  { return fmt.Sprintf("%.2f kB", v/1000) }
func mega(v float64) string  { return fmt.Sprintf("%.0f MB", v/1e6) }

// whole writes a number with commas between the thousands.
func whole(v float64) string {
	digits := fmt.Sprintf("%.0f", v)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// Markdown is the tables with what is needed to read them.
func (r *Results) Markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "Measured on %s with `%s`, %d round(s)%s, medians.", r.Date, r.Command, r.Rounds, r.once())
	if r.Quick {
		b.WriteString(" **A quick run: workloads of a smaller size, figures for a look only.**")
	}
	fmt.Fprintf(&b, "\n\nMachine: %s.\n", r.Machine)
	if r.SVG() != "" {
		b.WriteString("\n![Memory, processor time and latency of each server, less is better](performance.svg)\n")
	}
	for _, w := range r.Works {
		fmt.Fprintf(&b, "\n### (%s) %s\n\n", w.Key, w.Title)
		r.table(&b, w.Key)
	}
	b.WriteString("\n### What stands for what\n\n")
	for _, c := range r.Candidates {
		fmt.Fprintf(&b, "- **%s**: %s\n", c, r.Notes[c])
	}
	r.failures(&b)
	for _, name := range slices.Sorted(maps.Keys(r.Skipped)) {
		fmt.Fprintf(&b, "- **%s** was left out: %s.\n", name, r.Skipped[name])
	}
	return b.String()
}

func (r *Results) table(b *strings.Builder, key string) {
	cols := columns(key)
	counted := key != "g"
	b.WriteString("| |")
	for _, c := range cols {
		fmt.Fprintf(b, " %s |", c.title)
	}
	if counted {
		b.WriteString(" missing, twice |")
	}
	b.WriteString("\n|---|" + strings.Repeat("--:|", len(cols)))
	if counted {
		b.WriteString("--:|")
	}
	b.WriteString("\n")
	for _, candidate := range r.Candidates {
		fmt.Fprintf(b, "| %s |", candidate)
		if why, failed := r.failure(key, candidate); failed {
			fmt.Fprintf(b, " %s |%s\n", why, strings.Repeat(" |", len(cols)-1+btoi(counted)))
			continue
		}
		for _, c := range cols {
			v := r.median(key, candidate, c.figure)
			text := c.format(v)
			if v == 0 && r.late(key, candidate) {
				text = "does not keep up"
			}
			if floor := r.median(key, "floor", c.figure); c.toFloor && candidate != "floor" && floor > 0 {
				text += fmt.Sprintf(" (%.2f ×)", v/floor)
			}
			fmt.Fprintf(b, " %s |", text)
		}
		if counted {
			fmt.Fprintf(b, " %s |", r.counts(key, candidate))
		}
		b.WriteString("\n")
	}
}

func btoi(v bool) int {
	if v {
		return 1
	}
	return 0
}

// once names the workloads that were run in fewer rounds than others.
func (r *Results) once() string {
	var keys []string
	for _, w := range r.Works {
		runs := 0
		for _, o := range r.Outcomes {
			if o.Work == w.Key && o.Candidate == r.Candidates[0] {
				runs++
			}
		}
		if runs < r.Rounds {
			keys = append(keys, "("+w.Key+")")
		}
	}
	if len(keys) == 0 {
		return ""
	}
	return ", of " + strings.Join(keys, ", ") + " one"
}

// counts is what was lost and what came twice, over all rounds.
func (r *Results) counts(key, candidate string) string {
	var missing, twice int64
	for _, o := range r.Outcomes {
		if o.Work == key && o.Candidate == candidate {
			missing, twice = missing+o.Missing, twice+o.Twice+o.Strays
		}
	}
	return whole(float64(missing)) + ", " + whole(float64(twice))
}

// failures names the runs that gave nothing: a median of the others hides them.
func (r *Results) failures(b *strings.Builder) {
	runs, failed := make(map[string]int), make(map[string]int)
	for _, o := range r.Outcomes {
		what := o.Candidate + "** failed in (" + o.Work + ")"
		runs[what]++
		if o.Failed != "" {
			failed[what]++
		}
	}
	for _, what := range slices.Sorted(maps.Keys(failed)) {
		fmt.Fprintf(b, "- **%s in %d of %d rounds.\n", what, failed[what], runs[what])
	}
}

// late is whether the candidate was still delivering when nobody waited any more, or delivered nothing in the time.
func (r *Results) late(key, candidate string) bool {
	return r.median(key, candidate, func(o work.Outcome) float64 { return float64(o.Late) }) > 0 ||
		r.median(key, candidate, func(o work.Outcome) float64 { return float64(o.Deliveries) }) == 0
}

// failure says why there is no figure, where there is none at all.
func (r *Results) failure(key, candidate string) (string, bool) {
	why, failed := "not run", true
	for _, o := range r.Outcomes {
		if o.Work == key && o.Candidate == candidate {
			if o.Failed == "" {
				return "", false
			}
			why = "no figures"
		}
	}
	return why, failed
}
