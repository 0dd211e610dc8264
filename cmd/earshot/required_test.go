package main

import (
	"strings"
	"testing"
)

func TestSecondFactorFromTheCommandLine(t *testing.T) {
	data := t.TempDir()
	wants(t, data, aPassword, "user", "create", "--password-stdin", "ana")
	required := func(args ...string) string {
		t.Helper()
		return parsed[map[string]string](t, wants(t, data, "", append([]string{"second-factor", "--json"}, args...)...))["required"]
	}
	for _, c := range [][]string{{"nobody"}, {"everybody", "everybody"}, {"everybody"}, {"staff", "staff"}, {"nobody", "nobody"}} {
		if got := required(c[1:]...); got != c[0] {
			t.Errorf("%v: %q", c, got)
		}
	}
	if text := wants(t, data, "", "second-factor", "staff"); text != "A second factor is required of staff.\n" {
		t.Errorf("%q", text)
	}
	refused(t, exitUsage, "", "second-factor", "somebody", "--data", data)
	if log := wants(t, data, "", "log", "--action", "require_factor"); strings.Count(log, "require_factor") != 4 {
		t.Errorf("%s", log)
	}
}
