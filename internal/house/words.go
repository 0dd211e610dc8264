package house

import (
	"fmt"
	"path"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// word is something that has no place in a file that is handed out.
type word struct {
	pattern *regexp.Regexp
	why     string
}

// words are written so that this file does not hold what they look for.
func words() []word {
	return []word{
		{regexp.MustCompile(`\b(TO` + `DO|FIX` + `ME|XX` + `X|HA` + `CK)\b`), "do it, or write down in docs what is not done"},
		{regexp.MustCompile(`(^|[\s"'=(` + "`" + `])/(work|root|home|Users)/`), "the path of one machine"},
		{regexp.MustCompile(`(?i)\bC:\\{1,2}Users\b`), "the path of one machine"},
		{regexp.MustCompile(`/tmp/[a-z0-9]`), "ask for a temporary folder (os.MkdirTemp, t.TempDir, mktemp)"},
		{regexp.MustCompile(`(?i)\bissues? ?#?\d`), "say what it is about: numbers of another place are lost with it"},
		{regexp.MustCompile(`(?i)"resolved": "https?:`), "a lock file names no registry: npm config omit-lockfile-registry-resolved"},
		{regexp.MustCompile(`-----BEGIN [A-Z ]*PRIV` + `ATE KEY-----`), "a secret"},
		{regexp.MustCompile(`\b(it|test|describe)\.skip\(`), "a test that is left out proves nothing"},
		{regexp.MustCompile(`\b(it|test|describe)\.only\(`), "the other tests are left out"},
	}
}

// Words finds what has no place in a text file that is handed out: paths of one machine, things left undone, secrets,
// line ends of another system, and characters that show a reader something else than a compiler sees.
func Words(name string, content []byte) []Finding {
	var findings []Finding
	report := func(line int, format string, args ...any) {
		findings = append(findings, Finding{File: name, Line: line, Text: fmt.Sprintf(format, args...)})
	}
	if !utf8.Valid(content) {
		report(0, "is not UTF-8")
		return findings
	}
	text := string(content)
	if text != "" && !strings.HasSuffix(text, "\n") {
		report(0, "has no line break at its end")
	}
	all := words()
	number := 0
	for line := range strings.Lines(text) {
		number++
		line = strings.TrimSuffix(line, "\n")
		for _, r := range line {
			if hidden(r) {
				report(number, "holds %U, which one cannot see: write an escape for it", r)
			}
		}
		if strings.TrimRight(line, " \t") != line {
			report(number, "ends in blanks")
		}
		for _, w := range all {
			if found := w.pattern.FindString(line); found != "" {
				report(number, "%q: %s", strings.TrimSpace(found), w.why)
			}
		}
	}
	return findings
}

// hidden tells characters that have no shape of their own, or that change the order in which others are shown
// (Unicode TR 36, section 3.2).
func hidden(r rune) bool {
	switch r {
	case '\t', '\u200d': // the joiner within emoji
		return false
	}
	return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || unicode.Is(unicode.Cf, r)
}

// Text tells by its name whether a file is text for people, and not the work of a program or another hand.
func Text(name string) bool {
	switch path.Base(name) {
	case "LICENSE", "go.sum":
		return false
	}
	switch path.Ext(name) {
	case ".png", ".jpg", ".ico", ".webp", ".gif", ".woff2", ".pdf", ".gz", ".zip", ".db", ".bin":
		return false
	}
	// What fuzzers and golden tests keep is data, and this package's own is there to break the rules.
	return !strings.Contains(name, "testdata/")
}
