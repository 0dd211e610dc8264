package trial

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
)

func TestABoundIsKeptOrNot(t *testing.T) {
	bound := 10.0
	for name, c := range map[string]struct {
		row Row
		ok  bool
	}{
		"no bound":          {Row{Value: 99}, true},
		"below":             {Row{Value: 9, Bound: &bound}, true},
		"at":                {Row{Value: 10, Bound: &bound}, true},
		"above":             {Row{Value: 10.01, Bound: &bound}, false},
		"at least":          {Row{Value: 10, Bound: &bound, Least: true}, true},
		"less":              {Row{Value: 9, Bound: &bound, Least: true}, false},
		"no number":         {Row{Value: math.NaN(), Bound: &bound}, false},
		"unknown":           {Row{Unknown: "not seen", Bound: &bound}, false},
		"unknown, no bound": {Row{Unknown: "not seen"}, true},
	} {
		if c.row.OK() != c.ok {
			t.Errorf("%s: %v", name, !c.ok)
		}
	}
}

func TestAReportPassesOnlyIfEverythingDid(t *testing.T) {
	good := &Result{Name: "good"}
	good.most("a", 1, 2, "ms")
	bad := &Result{Name: "bad"}
	bad.least("b", 1, 2)
	broken := &Result{Name: "broken", Failed: "the server ended", Rows: good.Rows}
	for name, c := range map[string]struct {
		results []*Result
		ok      bool
	}{
		"none": {nil, false}, "good": {[]*Result{good}, true}, "bad": {[]*Result{good, bad}, false},
		"broken": {[]*Result{good, broken}, false}, "empty": {[]*Result{{Name: "empty"}}, false},
	} {
		if r := (&Report{Results: c.results}); r.OK() != c.ok {
			t.Errorf("%s: %v", name, !c.ok)
		}
	}
}

func TestTheTableSaysWhatFailed(t *testing.T) {
	r := &Result{Name: "hold", Title: "many", Failed: "it fell over", Notes: []string{"user 7 is gone"}}
	r.most("p99", 12.345, 10, "ms")
	r.least("held", 100, 100)
	r.note("fun", 50, "%")
	r.unknown("open files", "not root")
	text := (&Report{Command: "make trial", Seed: 7, Results: []*Result{r}}).Markdown()
	for _, want := range []string{
		"`make trial`, seed 7", "| p99 | 12.35 ms | ≤ 10 ms | **FAIL** |", "| held | 100 | ≥ 100 | pass |", "| fun | 50 % |  |  |",
		"| open files | not known: not root |", "it fell over", "- user 7 is gone",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
	if _, err := json.Marshal(r); err != nil {
		t.Error(err)
	}
}
