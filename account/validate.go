package account

import (
	"compress/gzip"
	_ "embed" // the list of common passwords
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/names"
)

// The bounds of a password.
const (
	minPassword = 8    // characters (NIST SP 800-63B, section 5.1.1.2)
	maxPassword = 1024 // bytes: hashing a longer one costs more than it is worth
)

// maxSimilarity is from what likeness on, between 0 and 1, a password is too similar to something else (Django's).
const maxSimilarity = 0.7

// personal is what a password may not be like.
type personal struct{ username, email, displayName string }

// commonPasswords is Django's list of 20,000 (see NOTICE), packed.
//
//go:embed common-passwords.txt.gz
var commonPasswords string

// readCommon unpacks the list, and puts it in order.
func readCommon() []string {
	unpacked, err := gzip.NewReader(strings.NewReader(commonPasswords))
	if err != nil {
		panic(err) // the program was built with a broken file
	}
	text, err := io.ReadAll(unpacked)
	if err != nil {
		panic(err)
	}
	list := strings.Fields(string(text))
	slices.Sort(list)
	return list
}

// checkPassword says all that is wrong with a new password, in one error: Django's four validators, with their words,
// which are what people know. It costs nothing near a hash.
func (s *Service) checkPassword(password string, of personal) error {
	if err := hashable(password); err != nil {
		return err
	}
	var reasons []string
	if what := tooSimilar(password, of); what != "" {
		reasons = append(reasons, "The password is too similar to the "+what+".")
	}
	if utf8.RuneCountInString(password) < minPassword {
		reasons = append(reasons, fmt.Sprintf("This password is too short. It must contain at least %d characters.", minPassword))
	}
	if _, common := slices.BinarySearch(s.common(), strings.TrimSpace(strings.ToLower(password))); common {
		reasons = append(reasons, "This password is too common.")
	}
	if password != "" && !strings.ContainsFunc(password, func(r rune) bool { return !unicode.IsDigit(r) }) {
		reasons = append(reasons, "This password is entirely numeric.")
	}
	if len(reasons) == 0 {
		return nil
	}
	return earshot.FieldErrors("password", reasons)
}

// hashable refuses what is never hashed, not even where the rules are set aside.
func hashable(password string) error {
	switch {
	case !utf8.ValidString(password):
		return earshot.FieldError("password", "A password must be valid UTF-8.")
	case len(password) > maxPassword:
		return earshot.FieldError("password", "A password has at most %d bytes.", maxPassword)
	case password == "":
		return earshot.FieldError("password", "A password is needed.")
	}
	return nil
}

// notWord splits as Python's \W+ does.
var notWord = regexp.MustCompile(`[^\pL\pN_]+`)

// tooSimilar names what a password is too similar to: one of the texts or a part of one, without regard to case and form.
func tooSimilar(password string, of personal) string {
	given := []rune(string(names.Key(password)))
	for _, a := range []struct{ name, text string }{
		{"username", of.username}, {"email address", of.email}, {"display name", of.displayName},
	} {
		if a.text == "" {
			continue
		}
		text := string(names.Key(a.text))
		for _, part := range append(notWord.Split(text, -1), text) {
			if likeness(given, []rune(part)) >= maxSimilarity {
				return a.name
			}
		}
	}
	return ""
}

// likeness is how much of two texts is the same characters, in whatever order, from 0 to 1: what Python's difflib calls
// quick_ratio. A text that is ten times as long as the other is not like it, however it comes out: nothing is in common
// but letters.
func likeness(a, b []rune) float64 {
	if len(b) == 0 || len(a) >= 10*len(b) {
		return 0
	}
	count := make(map[rune]int, len(b))
	for _, r := range b {
		count[r]++
	}
	same := 0
	for _, r := range a {
		if count[r] > 0 {
			count[r]--
			same++
		}
	}
	return 2 * float64(same) / float64(len(a)+len(b))
}
