//go:build unix

package faults

import (
	"fmt"
	"strings"
	"testing"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/client"
)

// logOf writes a log in short: a line an event, the epoch first.
func logOf(t *testing.T, name, short string, posts ...Post) *Log {
	t.Helper()
	l := &Log{Name: name, Posts: posts}
	for line := range strings.Lines(short) {
		var epoch, what, text string
		var seq, to uint64
		_, _ = fmt.Sscan(line, &epoch, &what, &seq, &text)
		_, _ = fmt.Sscan(text, &to)
		out := Line{Epoch: epoch}
		switch what {
		case "joined":
			out.Event = client.Joined{Room: 1, Seq: seq}
		case "entered": // by leaving and joining again
			out.Event, out.Anew = client.Joined{Room: 1, Seq: seq}, true
		case "gap":
			out.Event = client.Gap{Room: 1, From: seq, To: to, Count: to - seq + 1, Reason: client.GapLost}
		case "restart":
			out.Event = client.Gap{Room: 1, Reason: client.GapRestart}
		case "hole":
			out.Event = client.Gap{Room: 1, From: seq, To: to, Count: to - seq + 1, Reason: client.GapHole}
		case "removed":
			out.Event = client.Removed{Room: 1, Err: earshot.Errorf(earshot.CodeForbidden, "Out.")}
		default:
			out.Event = client.Message{Room: 1, Seq: seq, Author: earshot.UserRef{Name: what}, Text: text}
		}
		l.Lines = append(l.Lines, out)
	}
	return l
}

// TestCheck gives the checker logs in which each promise is broken once, and ones in which none is.
func TestCheck(t *testing.T) {
	good := "A joined 3\nA ana 4 x\nA ben 5 y\n"
	post := Post{Room: 1, Seq: 4, Text: "x"}
	for name, tc := range map[string]struct {
		ana, ben string
		posts    []Post
		want     string
	}{
		"nothing broken":        {good, "A joined 4\nA ben 5 y\n", []Post{post}, ""},
		"a gap that is told":    {good, "A joined 2\nA gap 3 4\nA ben 5 y\n", []Post{post}, ""},
		"a restart":             {"A joined 3\nA ana 4 x\nA restart\nB joined 0\nB ben 1 y\n", "B joined 0\nB ben 1 y\n", []Post{post}, ""},
		"said again, told once": {"A joined 3\nA ana 4 x\nA restart\nB joined 0\nB ben 2 y\n", "B joined 0\nB ana 1 x\nB ben 2 y\n", nil, ""},
		"two orders":            {good, "A joined 3\nA ana 4 x\nA ben 5 z\n", nil, "is \"ben: y\" for one and \"ben: z\""},
		"twice":                 {good + "A ana 6 x\n", "A joined 5\nA ana 6 x\n", nil, "twice"},
		"the same number twice": {good, "A joined 3\nA ana 4 x\nA ana 4 x\nA ben 5 y\n", nil, "number 4 of room 1 after 4"},
		"a hole":                {good, "A joined 3\nA ben 5 y\n", nil, "4 (\"ana: x\") is missing"},
		"a hole found":          {good, "A joined 3\nA hole 4 4\nA ben 5 y\n", nil, "did not announce"},
		"from before":           {good, "A joined 4\nA ana 4 x\nA ben 5 y\n", nil, "number 4 of room 1 after 4"},
		"not inside":            {good, "A ana 4 x\nA ben 5 y\n", nil, "is not in it"},
		"behind at the end":     {good, "A joined 3\nA ana 4 x\n", nil, "up to 4 at the end, others up to 5"},
		"anew without a gap":    {good, "A joined 3\nA joined 4\nA ben 5 y\n", nil, "was told of no gap"},
		"anew on purpose":       {good, "A joined 3\nA entered 4\nA ben 5 y\n", nil, ""},
		"a gap of a wrong size": {good, "A joined 1\nA gap 3 4\nA ben 5 y\n", nil, "was told of a gap from 3"},
		"put out":               {good, good + "A removed 0\n", nil, "was put out"},
		"another epoch":         {good, "A joined 3\nB ana 4 x\nB ben 5 y\n", nil, "another epoch"},
		"acknowledged, unheard": {good, good, []Post{{Room: 1, Seq: 9, Text: "z"}}, "did not hear it"},
		"another number":        {good, good, []Post{{Room: 1, Seq: 5, Text: "x"}}, "heard it as 4"},
	} {
		t.Run(name, func(t *testing.T) {
			f := Check([]*Log{logOf(t, "ana", tc.ana, tc.posts...), logOf(t, "ben", tc.ben)})
			got := strings.Join(f.Violations, "\n")
			if (tc.want == "") != (got == "") || !strings.Contains(got, tc.want) {
				t.Errorf("found %q, want %q", got, tc.want)
			}
		})
	}
}
