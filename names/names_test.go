package names

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/earshot-chat/earshot"
)

func TestNormalize(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, in, want string }{
		{"ascii stays", "Ana_1", "Ana_1"},
		{"full width", "ａｄｍｉｎ", "admin"},
		{"composed", "Jose\u0301", "José"},
		{"ligature", "oﬃce", "office"},
		{"mathematical", "𝔞𝔡𝔪𝔦𝔫", "admin"},
		{"circled", "①", "1"},
		{"empty", "", ""},
		{"invalid kept", "a\xff", "a\xff"},
	} {
		if got := Normalize(c.in); got != c.want {
			t.Errorf("%s: Normalize(%q) = %q, want %q", c.name, c.in, got, c.want)
		}
	}
}

func TestKeyMakesOne(t *testing.T) {
	t.Parallel()
	for _, same := range [][]string{
		{"ana", "Ana", "ANA", "ａｎａ"},
		{"straße", "STRASSE", "Strasse", "STRAẞE"},
		{"José", "jose\u0301", "JOSÉ"},
		{"Σίσυφος", "σίσυφοσ", "ΣΊΣΥΦΟΣ"},
		{"K", "k", "\u212a"}, // KELVIN SIGN
		{"\u0345", "\u03b9"}, // the iota below, which folding makes a letter
		{"ꭰ", "Ꭰ"},           // Cherokee folds to its capitals
	} {
		for _, s := range same[1:] {
			if Key(s) != Key(same[0]) {
				t.Errorf("Key(%q) = %q, Key(%q) = %q", same[0], Key(same[0]), s, Key(s))
			}
		}
	}
	for _, other := range [][2]string{{"ana", "anna"}, {"jose", "josé"}, {"admin", "аdmin"}, {"i", "ı"}, {"", "a"}} {
		if Key(other[0]) == Key(other[1]) {
			t.Errorf("%q and %q have the key %q", other[0], other[1], Key(other[0]))
		}
	}
}

func TestSkeletonMakesLookAlikesOne(t *testing.T) {
	t.Parallel()
	for want, like := range map[string][]string{
		"admin": {
			"ADMIN", "Admin", "adm1n", "ADMlN", "admln", "аdmin", "ΑDΜIΝ", "ａｄｍｉｎ", "𝐚𝐝𝐦𝐢𝐧", "adrnin", "admın", "аԁmіn",
			"ad\u200bmin", "admin\ufe0f", "\u2066admin\u2069", "ad\u034fmin", "\u3164admin",
		},
		"root":      {"r00t", "R0OT", "rооt", "rοοt", "ro\u3164ot"},
		"paypal":    {"раураl", "PAYPAL", "paypa1", "ΡΑΥΡΑL"},
		"moderator": {"moderаtor", "M0DERATOR", "rnoderator"},
		"Вова":      {"Bова", "Вoва"},
	} {
		for _, s := range like {
			if Skeleton(s) != Skeleton(want) {
				t.Errorf("Skeleton(%+q) = %+q, Skeleton(%q) = %+q", s, Skeleton(s), want, Skeleton(want))
			}
		}
	}
	for _, other := range [][2]string{{"han", "nan"}, {"ana", "anna"}, {"admin", "badmin"}, {"bob", "dod"}, {"уан", "yah"}, {"n", "v"}} {
		if Skeleton(other[0]) == Skeleton(other[1]) {
			t.Errorf("%q and %q have the skeleton %q", other[0], other[1], Skeleton(other[0]))
		}
	}
}

// What is a skeleton for, if writing a name in capitals gave it another one?
func TestSkeletonOfASCIIHasNoCase(t *testing.T) {
	t.Parallel()
	for r := rune(' '); r < unicode.MaxASCII; r++ {
		s := "x" + string(r) + "y"
		if up, low := Skeleton(strings.ToUpper(s)), Skeleton(strings.ToLower(s)); up != low {
			t.Errorf("%q: %q in capitals, %q in small letters", s, up, low)
		}
	}
}

func TestInvisible(t *testing.T) {
	t.Parallel()
	for _, r := range "\u00ad\u034f\u061c\u115f\u1160\u17b4\u180b\u200b\u200d\u200e\u202e\u2060\u2066\u3164\ufe0f\ufeff\uffa0\U000e0061\U000e0100" {
		if !Invisible(r) {
			t.Errorf("%U is shown", r)
		}
	}
	for _, r := range "a \u00a0é\u0301\u0600\u06dd\ufff9\U00013430字ا" {
		if Invisible(r) {
			t.Errorf("%U is not shown", r)
		}
	}
}

// Every character of Unicode settles: the bound of the loops cuts nothing off.
func TestEveryCharacterSettles(t *testing.T) {
	t.Parallel()
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if !unicode.In(r, unicode.L, unicode.M, unicode.N, unicode.P, unicode.S) {
			continue
		}
		stable(t, "a"+string(r)+"a")
	}
}

func TestPrototypesAreInOrderAndWhole(t *testing.T) {
	t.Parallel()
	n := len(prototypeIndex) / recordSize
	if len(prototypeIndex)%recordSize != 0 || n < 2000 {
		t.Fatalf("%d bytes of index", len(prototypeIndex))
	}
	for i := range n {
		r := recordRune(i)
		if i > 0 && recordRune(i-1) >= r {
			t.Fatalf("record %d: %U after %U", i, r, recordRune(i-1))
		}
		p, ok := prototype(r)
		if !ok || p == "" || !utf8.ValidString(p) || p == string(r) {
			t.Fatalf("%U: %q, %t", r, p, ok)
		}
	}
}

func stable(t *testing.T, s string) {
	t.Helper()
	key := Key(s)
	if again := Key(string(key)); again != key {
		t.Errorf("Key(%+q) = %+q, whose key is %+q", s, key, again)
	}
	skeleton := Skeleton(s)
	if again := Skeleton(skeleton); again != skeleton {
		t.Errorf("Skeleton(%+q) = %+q, whose skeleton is %+q", s, skeleton, again)
	}
	for _, out := range []string{string(key), skeleton} {
		if !utf8.ValidString(out) {
			t.Errorf("%+q gives %+q, which is no UTF-8", s, out)
		}
	}
	if !norm.NFKC.IsNormalString(string(key)) {
		t.Errorf("Key(%+q) = %+q is not NFKC", s, key)
	}
}

func seed(f *testing.F) {
	for _, s := range []string{
		"", "admin", "ADMlN", "ﷺ", "e\u0301\u0327\u0327", "\xff\xfe", "\u0345\u0301", "ǰ\u0323", "ᾳ\u0345", "İİı", "ß\u0301", "ﬃ", "\u1e9e",
		strings.Repeat("\u0301", 200), "가\u11a8", "\u0958", "µ\u03bc", "\ufdfa", "\u0f77\u0f80",
	} {
		f.Add(s)
	}
}

func FuzzStable(f *testing.F) {
	seed(f)
	f.Fuzz(stable)
}

// However the characters of a name are written, it is the same name.
func FuzzKeyIgnoresForm(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, s string) {
		if !utf8.ValidString(s) {
			t.Skip()
		}
		want := Key(s)
		for _, form := range []string{norm.NFC.String(s), norm.NFD.String(s), norm.NFKC.String(s), norm.NFKD.String(s)} {
			if got := Key(form); got != want {
				t.Errorf("Key(%+q) = %+q, Key(%+q) = %+q", s, want, form, got)
			}
		}
	})
}

func BenchmarkKey(b *testing.B) {
	for b.Loop() {
		sink(Key("Ana.Müller"))
	}
}

func BenchmarkSkeleton(b *testing.B) {
	for b.Loop() {
		_ = Skeleton("Ana.Müller")
	}
}

//go:noinline
func sink(earshot.NameKey) {}
