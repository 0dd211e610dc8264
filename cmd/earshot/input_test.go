package main

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"
)

func FuzzReadPeople(f *testing.F) {
	for _, seed := range []string{"ana\nbob pass\n", "# x\n\n  a\tb  \r\n", "a b c", "\xff", "ana\nANA", "\ufeffana", "a\x00b"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, list []byte) {
		people, err := readPeople(bytes.NewReader(list))
		if (len(people) == 0) != (err != nil) {
			t.Fatalf("%d people with error %v", len(people), err)
		}
		if err != nil && !utf8.ValidString(err.Error()) {
			t.Fatalf("the error repeats the input: %q", err)
		}
		if len(people) > bytes.Count(list, []byte("\n"))+1 {
			t.Fatalf("%d people in %d lines", len(people), bytes.Count(list, []byte("\n"))+1)
		}
		for _, p := range people {
			if p.name == "" || strings.HasPrefix(p.name, "#") || strings.ContainsAny(p.name+p.password, " \t\r\n") || p.hasPassword != (p.password != "") {
				t.Fatalf("%+v", p)
			}
		}
	})
}
