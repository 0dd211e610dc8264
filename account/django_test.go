package account

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/earshot-chat/earshot"
)

// vector is a hash that Django made of a password.
type vector struct {
	Encoded  earshot.PasswordHash `json:"encoded"`
	Password string               `json:"password"`
}

func readVectors(t *testing.T, from []byte) []vector {
	t.Helper()
	var all []vector
	lines := bufio.NewScanner(bytes.NewReader(from))
	for lines.Scan() {
		var v vector
		if err := json.Unmarshal(lines.Bytes(), &v); err != nil {
			t.Fatal(err)
		}
		all = append(all, v)
	}
	if len(all) < 10 || lines.Err() != nil {
		t.Fatalf("%d vectors, %v", len(all), lines.Err())
	}
	return all
}

// python runs one of the scripts with Django, and skips the test where there is none (scripts/need-django.sh).
func python(t *testing.T, stdin []byte, script string, args ...string) []byte {
	t.Helper()
	for _, program := range []string{"python3", "/usr/bin/python3"} {
		if exec.CommandContext(t.Context(), program, "-c", "import django, argon2, bcrypt").Run() != nil {
			continue
		}
		cmd := exec.CommandContext(t.Context(), program, append([]string{filepath.Join("testdata", script)}, args...)...)
		var complaints bytes.Buffer
		cmd.Stdin, cmd.Stderr = bytes.NewReader(stdin), &complaints
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%s: %v\n%s", script, err, complaints.String())
		}
		return out
	}
	t.Skip("SKIPPED: what the real Django makes. No python3 with django, argon2 and bcrypt was found.")
	return nil
}

// The hashes that are checked in (testdata/hashes.py made them) and those of the Django that is installed are verified.
func TestDjangoHashes(t *testing.T) {
	t.Parallel()
	t.Run("checked in", func(t *testing.T) {
		t.Parallel()
		kept, err := os.ReadFile("testdata/hashes.jsonl")
		if err != nil {
			t.Fatal(err)
		}
		verifyAll(t, readVectors(t, kept))
	})
	t.Run("installed", func(t *testing.T) {
		t.Parallel()
		verifyAll(t, readVectors(t, python(t, nil, "hashes.py")))
	})
}

func verifyAll(t *testing.T, vectors []vector) {
	t.Helper()
	h := newHasher(1, 1)
	seen := map[string]bool{}
	for _, v := range vectors {
		algorithm, _, _ := strings.Cut(string(v.Encoded), "$")
		if fault := HashFault(v.Encoded); fault != "" {
			t.Errorf("%s: %s", string(v.Encoded), fault)
		}
		got, err := h.verify(t.Context(), v.Encoded, "", v.Password)
		if want := (verdict{match: v.Encoded.Usable(), stale: v.Encoded.Usable()}); got != want || err != nil {
			t.Errorf("%s of %q: %+v, %v", string(v.Encoded), v.Password, got, err)
		}
		// A wrong one is tried once of each kind: it takes as long.
		if seen[algorithm] {
			continue
		}
		seen[algorithm] = true
		for _, wrong := range []string{v.Password + " ", strings.ToUpper(v.Password) + "X", ""} {
			if got, err := h.verify(t.Context(), v.Encoded, "", wrong); got.match || err != nil {
				t.Errorf("%s of %q: %+v, %v", string(v.Encoded), wrong, got, err)
			}
		}
	}
}

// What the validators say is what Django's say, also of what stands just on either side of a rule.
func TestDjangoValidators(t *testing.T) {
	t.Parallel()
	h := newHouse(t, DefaultConfig())
	type given struct {
		Username string `json:"username"`
		Email    string `json:"email"`
		Password string `json:"password"`
	}
	var cases []given
	for _, username := range []string{"alexandria", "bob", "ana.maria+test@example", "李小龙", "x", "a_very_long_name_of_many_parts"} {
		for _, password := range []string{
			"short", "password", "Password", " password ", "12345678", "123456789012", "correct horse", "alexandria", "airdnaxela", "Alexandria1",
			"alexandr", "alexandr12345", "lexandrip", "maria-test", "example!", "bobbobbob", "bob12345", "李小龙李小龙李小龙", "xxxxxxxxxxxxxxxxxxxx", "qwerty123",
			"longnameofmanyparts", "iloveyou", "ILOVEYOU", "mail.example.org", "ana@mail.example.org", "٠١٢٣٤٥٦٧٨", "trustno1", "Straße12", "\u00a0\u00a0\u00a0\u00a0\u00a0\u00a0\u00a0\u00a0",
			"1", "a", "qwerty", "ana", "many_parts_of", "manyparts", strings.Repeat("ab", 300),
		} {
			cases = append(cases, given{Username: username, Email: "ana@mail.example.org", Password: password})
		}
	}
	var in bytes.Buffer
	for _, c := range cases {
		line, err := json.Marshal(c) //nolint:gosec // G117: passwords that nobody has
		if err != nil {
			t.Fatal(err)
		}
		in.Write(append(line, '\n'))
	}
	out := bufio.NewScanner(bytes.NewReader(python(t, in.Bytes(), "validate.py")))
	for _, c := range cases {
		if !out.Scan() {
			t.Fatal("Django answered less than it was asked")
		}
		var want []string
		if err := json.Unmarshal(out.Bytes(), &want); err != nil {
			t.Fatal(err)
		}
		var got []string
		if e := earshot.AsError(h.checkPassword(c.Password, personal{username: c.Username, email: c.Email})); e != nil {
			got = e.Reasons
		}
		if !slices.Equal(got, want) {
			t.Errorf("%+v: got %q, Django says %q", c, got, want)
		}
	}
}
