// Package names gives names the forms in which they are compared. Two people must not be able to take names that a
// reader holds for one, so a name has, beside the form that is shown, a [Key] that no two accounts may share and a
// [Skeleton] that shows which names look alike.
//
// All functions are pure, take any string (invalid UTF-8 too) and may be called from many goroutines at once.
package names

import (
	"strings"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"github.com/earshot-chat/earshot"
)

// settleRounds bounds the loops that repeat a mapping until nothing changes. Every character settles within four rounds
// (the tests try them all); the bound only keeps a future edition of Unicode from making a loop endless.
const settleRounds = 8

// Normalize gives the form in which a name is shown and stored: NFKC (Unicode Standard Annex 15), which makes one of the
// ways to write a character, and of full-width, circled or mathematical letters the plain ones. Django does the same to
// usernames (AbstractBaseUser.normalize_username). Bytes that are no UTF-8 are kept, so that validation sees them.
func Normalize(s string) string { return norm.NFKC.String(s) }

// Key gives the form in which names are compared for being the same: NFKC and full case folding (Unicode Standard,
// section 3.13, D145 to D147), repeated until it is stable, so that Key of a key is the same key. "Straße", "STRASSE" and
// "strasse" have one key. Each run of bytes that is no UTF-8 counts as one U+FFFD.
func Key(s string) earshot.NameKey {
	return earshot.NameKey(settle(Normalize(valid(s)), func(s string) string { return Normalize(fold(s)) }))
}

// Skeleton gives a form that names which look alike have in common: "аdmin" with a Cyrillic а, "ADMlN", "adm1n" and
// "admin". It is never to be shown: it is a hodgepodge of scripts (Unicode Technical Standard 39, section 4).
//
// It is the standard's skeleton (decomposed, without invisible characters, each character replaced by its prototype) with
// three differences, because names are compared without regard to case. Look-alikes are replaced before the case is
// folded, for a Greek capital Ν looks like N, and its small form ν like v; case is folded afterwards and the whole
// repeated until it is stable; and i counts as l, because I looks like l and is an i too.
func Skeleton(s string) string {
	return settle(Normalize(valid(s)), func(s string) string {
		var b strings.Builder
		b.Grow(len(s))
		for _, r := range norm.NFD.String(s) {
			if Invisible(r) {
				continue
			}
			if proto, ok := prototype(r); ok {
				b.WriteString(proto)
			} else {
				b.WriteRune(r)
			}
		}
		// Some prototypes are themselves compatibility characters, so normalisation is part of what is repeated.
		return Normalize(strings.ReplaceAll(fold(b.String()), "i", "l"))
	})
}

// Invisible tells whether r is shown as nothing by default (Default_Ignorable_Code_Point, Unicode Standard, section 5.21):
// joiners, variation selectors, Hangul fillers, direction controls. A name of such characters is an empty one, and a name
// with one of them looks like the name without.
func Invisible(r rune) bool {
	switch {
	case r < 0xAD: // all of ASCII: the common case
		return false
	case unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r), unicode.Is(unicode.Variation_Selector, r):
		return true
	case unicode.Is(unicode.Cf, r):
		// What DerivedCoreProperties.txt takes off the format characters: those that are shown.
		shown := unicode.Is(unicode.Prepended_Concatenation_Mark, r) ||
			(r >= 0xFFF9 && r <= 0xFFFB) || (r >= 0x13430 && r <= 0x13440)
		return !shown
	}
	return false
}

// fold is full case folding. A Caser may hold state, so each call has its own.
//
// Cherokee folds to its capitals, the other way round from all other scripts (Unicode Standard, section 5.18). The Caser
// takes the small letters to capitals and, wrongly, capitals to small letters, so it is given small letters only.
func fold(s string) string {
	return cases.Fold().String(strings.Map(func(r rune) rune {
		switch {
		case r >= 0x13A0 && r <= 0x13EF:
			return r - 0x13A0 + 0xAB70
		case r >= 0x13F0 && r <= 0x13F5:
			return r + 8
		}
		return r
	}, s))
}

// valid makes the string valid UTF-8.
func valid(s string) string { return strings.ToValidUTF8(s, string(unicode.ReplacementChar)) }

// settle repeats a mapping until nothing changes.
func settle(s string, step func(string) string) string {
	for range settleRounds {
		next := step(s)
		if next == s {
			break
		}
		s = next
	}
	return s
}
