package report

import (
	"encoding/xml"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/earshot-chat/earshot/bench/work"
)

func sample() *Results {
	r := &Results{
		Command: "make bench", Date: "2026-01-02", Machine: "2 processors", Rounds: 3,
		Candidates: []string{"Earshot", "floor", "A & B", "slow"}, Notes: map[string]string{"Earshot": "the product"},
		Skipped: map[string]string{"Gone": "it is not installed"},
	}
	for _, w := range work.All(false) {
		r.Works = append(r.Works, Title{w.Key, w.Title})
		for _, v := range []float64{1, 3, 2} {
			r.Outcomes = append(r.Outcomes,
				work.Outcome{Work: w.Key, Candidate: "floor", Deliveries: 9, CPU: v, RSS: 100, P99: 1000, Rate: 1234567, Connects: 10, ConnectCPU: 1},
				work.Outcome{Work: w.Key, Candidate: "Earshot", Deliveries: 9, CPU: 1.3 * v, RSS: 1900, P99: 1500, Missing: 1},
				work.Outcome{Work: w.Key, Candidate: "A & B", Failed: "fell over"},
				work.Outcome{Work: w.Key, Candidate: "slow", Late: 7})
		}
	}
	return r
}

func TestMedian(t *testing.T) {
	for _, c := range []struct {
		in   []float64
		want float64
	}{{[]float64{3}, 3}, {[]float64{9, 1, 2}, 2}, {[]float64{4, 1, 2, 100}, 3}} {
		if got := Median(c.in); got != c.want {
			t.Errorf("Median(%v) = %v, want %v", c.in, got, c.want)
		}
	}
	if !math.IsNaN(Median(nil)) {
		t.Error("the median of nothing is a number")
	}
}

func TestTable(t *testing.T) {
	text := sample().Markdown()
	for _, want := range []string{
		"Measured on 2026-01-02 with `make bench`, 3 round(s), medians.",
		"| Earshot | 2.60 µs (1.30 ×) | 0 | 0.00 ms | 1.50 ms (1.50 ×) | 0.00 ms | 3, 0 |",
		"| floor | 2.00 µs | 1,234,567 |",
		"| A & B | no figures |",
		"| slow | does not keep up |",
		"- **A & B** failed in (a) in 3 of 3 rounds.",
		"- **Gone** was left out: it is not installed.",
		"### (h) ",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the table lacks %q:\n%s", want, text)
		}
	}
	fewer := sample()
	fewer.Outcomes = slices.DeleteFunc(fewer.Outcomes, func(o work.Outcome) bool { return o.Work == "f" })
	if text := fewer.Markdown(); !strings.Contains(text, "3 round(s), of (f) one, medians.") {
		t.Errorf("what was run less often is not told: %.100s", text)
	}
	columns := 0
	for line := range strings.Lines(text) {
		switch n := strings.Count(line, "|"); {
		case n == 0:
			columns = 0
		case columns == 0:
			columns = n
		case n != columns:
			t.Errorf("a row of %d cells in a table of %d: %s", n-1, columns-1, line)
		}
	}
}

func TestPlotIsXMLAndHasEverybodyMeasured(t *testing.T) {
	svg := sample().SVG()
	for d := xml.NewDecoder(strings.NewReader(svg)); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("%v in %s", err, svg)
		}
	}
	if got := strings.Count(svg, "<circle"); got != 8 {
		t.Errorf("%d dots, want four for each of the two that were measured", got)
	}
	if strings.Contains(svg, "A &amp; B") || strings.Contains(svg, "NaN") {
		t.Error("who was not measured is in the plot")
	}
	if (&Results{}).SVG() != "" {
		t.Error("nothing measured, and yet a plot")
	}
}

func TestThePagesOwnWordsStay(t *testing.T) {
	docs := t.TempDir()
	page := filepath.Join(docs, "performance.md")
	if err := os.WriteFile(page, []byte("before\n"+markBegin+"\nold\n"+markEnd+"\nafter\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := sample().Write(docs); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	s := string(text)
	if !strings.HasPrefix(s, "before\n"+markBegin+"\n") || !strings.HasSuffix(s, markEnd+"\nafter\n") ||
		strings.Contains(s, "old") || strings.Count(s, "### (a)") != 1 {
		t.Errorf("the page is now:\n%s", s)
	}
	if _, err := os.Stat(filepath.Join(docs, "performance.svg")); err != nil {
		t.Error(err)
	}
	if err := os.WriteFile(page, []byte("no marks"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := sample().Write(docs); err == nil {
		t.Error("a page without marks was written to")
	}
}
