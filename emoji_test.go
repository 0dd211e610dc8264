package earshot_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/earshot-chat/earshot"
)

func TestValidateEmoji(t *testing.T) {
	for _, good := range []string{
		"\U0001F600", "\u2764\uFE0F", "\u00A9\uFE0F", "#\uFE0F\u20E3", "7\uFE0F\u20E3", "\U0001F1E9\U0001F1EA",
		"\U0001F44D\U0001F3FF", "\u261D\U0001F3FB", "\U0001F468\u200D\U0001F469\u200D\U0001F467\u200D\U0001F466",
		"\U0001F3F3\uFE0F\u200D\U0001F308", "\U0001F3F4\u200D\u2620\uFE0F", "\U0001F441\uFE0F\u200D\U0001F5E8\uFE0F",
		"\U0001F469\U0001F3FF\u200D\u2764\uFE0F\u200D\U0001F48B\u200D\U0001F468\U0001F3FF", // the longest
		"\U0001F3F4\U000E0067\U000E0062\U000E0065\U000E006E\U000E0067\U000E007F",           // England
		"\U0001F642\u200D\u2194\uFE0F", "\U0001FAE9", "\U0001F6D8", // of later versions
	} {
		if err := earshot.ValidateEmoji([]byte(good)); err != nil {
			t.Errorf("%s %+q: %v", good, good, err)
		}
	}
	family := "\U0001F468\u200D\U0001F469\u200D\U0001F467"
	for _, bad := range []string{
		"", " ", "a", "1", "#", "lol", "\u00e4", "\u6f22", "<b>", "\x00", "\xff", "\xf0\x9f\x98", "\ufffd",
		"\U0001F600\U0001F600", "\U0001F600 ", " \U0001F600", "\U0001F600a", "\u200D", "\uFE0F", "\u20E3",
		"\u2764", "\u00A9", "\U0001F600\uFE0F", "\u2764\uFE0E", "\u2764\uFE0F\uFE0F", "1\u20E3", "a\uFE0F\u20E3",
		"\U0001F1E9", "\U0001F1E9\U0001F600", "\U0001F1E9\U0001F1EA\U0001F1E9", "\U0001F1E9\U0001F1EA\U0001F1E9\U0001F1EA",
		"\U0001F3FF", "\U0001F355\U0001F3FF", "\U0001F44D\U0001F3FF\U0001F3FF", "\U0001F600\u0301",
		"\u200D\U0001F468", "\U0001F468\u200D", "\U0001F468\u200D\u200D\U0001F469", "\U0001F468\u200Da",
		"\U0001F3F4\U000E0067\U000E0062\U000E0065", "\U0001F3F4\U000E007F", "\U0001F600\U000E0067\U000E0062\U000E0065\U000E007F",
		family + "\u200D" + family, strings.Repeat("\U0001F468\u200D", 1000) + "\U0001F468",
		"\U0001F468\U0001F3FF\u200D\U0001F469\U0001F3FF\u200D\U0001F467\U0001F3FF\u200D\U0001F466", // 37 bytes
		"\U0001F600" + strings.Repeat("\u0301", 10_000),                                            // a mark on a mark
	} {
		if err := earshot.ValidateEmoji([]byte(bad)); earshot.CodeOf(err) != earshot.CodeInvalid {
			t.Errorf("%+.60q passes: %v", bad, err)
		}
	}
}

func FuzzValidateEmoji(f *testing.F) {
	for _, seed := range []string{"\U0001F600", "1\uFE0F\u20E3", "\U0001F44D\U0001F3FF", "\U0001F468\u200D\U0001F469", "a", "\xff"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if earshot.ValidateEmoji(text) != nil {
			return
		}
		if len(text) == 0 || len(text) > earshot.MaxEmoji || !utf8.Valid(text) {
			t.Errorf("%q passes", text)
		}
		// One emoji twice is two.
		if earshot.ValidateEmoji(append(text[:len(text):len(text)], text...)) == nil {
			t.Errorf("%q twice passes", text)
		}
	})
}
