package earshot

import (
	"unicode"
	"unicode/utf8"
)

// MaxEmoji is the longest emoji, in bytes: that of the longest sequence that Unicode recommends, two people with skin
// tones who kiss.
const MaxEmoji = 35

// The characters that make sequences (UTS 51, section 1.4).
const (
	joiner         = 0x200D  // ZERO WIDTH JOINER
	emojiSelector  = 0xFE0F  // VARIATION SELECTOR-16
	keycap         = 0x20E3  // COMBINING ENCLOSING KEYCAP
	firstTone      = 0x1F3FB // EMOJI MODIFIER FITZPATRICK TYPE-1-2
	lastTone       = 0x1F3FF // EMOJI MODIFIER FITZPATRICK TYPE-6
	blackFlag      = 0x1F3F4 // WAVING BLACK FLAG, which tags make that of a part of a country
	firstTag       = 0xE0030 // TAG DIGIT ZERO
	lastTag        = 0xE007A // TAG LATIN SMALL LETTER Z
	endOfTags      = 0xE007F // CANCEL TAG
	fewestTags     = 3       // a country's two letters and one of its part
	firstIndicator = 0x1F1E6 // REGIONAL INDICATOR SYMBOL LETTER A
	lastIndicator  = 0x1F1FF // REGIONAL INDICATOR SYMBOL LETTER Z
)

// ValidateEmoji holds a text to one emoji of at most MaxEmoji bytes: a sequence of Unicode Technical Standard 51,
// definition ED-17a, in the one form that is fully qualified (ED-18), so that two people who mean the same emoji send the
// same bytes. Any two regional indicators pass as a flag, and whatever zero width joiners join: whether there is a
// picture of it is for fonts to know.
func ValidateEmoji(text []byte) error {
	if len(text) > MaxEmoji || !utf8.Valid(text) || !emojiReader(text).whole() {
		return FieldError("emoji", "A reaction is one emoji, fully qualified, of at most %d bytes.", MaxEmoji)
	}
	return nil
}

// emojiReader is what of a text was not read yet.
type emojiReader []byte

// whole tells whether the text is one emoji and nothing else.
func (e emojiReader) whole() bool {
	first := e.peek()
	switch {
	case first == '#' || first == '*' || (first >= '0' && first <= '9'):
		e.next()
		return e.take(emojiSelector) && e.take(keycap) && len(e) == 0
	case indicator(first):
		e.next()
		return indicator(e.next()) && len(e) == 0
	}
	if !e.element() {
		return false
	}
	if first == blackFlag && len(e) > 0 && e.peek() != joiner {
		return e.tags()
	}
	return e.joined()
}

// joined reads the elements that joiners join to the first.
func (e *emojiReader) joined() bool {
	for len(*e) > 0 {
		if !e.take(joiner) || !e.element() {
			return false
		}
	}
	return true
}

func indicator(r rune) bool { return r >= firstIndicator && r <= lastIndicator }

// element reads a character with what makes it an emoji or gives it a skin tone.
func (e *emojiReader) element() bool {
	r := e.next()
	body, plain := unicode.Is(emojiBody, r), unicode.Is(emojiPlain, r)
	if tone := e.peek(); body && tone >= firstTone && tone <= lastTone {
		e.next()
		return true
	}
	if plain {
		return e.take(emojiSelector)
	}
	return unicode.Is(emojiShown, r)
}

// tags reads the tags that make the black flag another.
func (e *emojiReader) tags() bool {
	count := 0
	for r := e.peek(); r >= firstTag && r <= lastTag; r = e.peek() {
		e.next()
		count++
	}
	return count >= fewestTags && e.take(endOfTags) && len(*e) == 0
}

func (e emojiReader) peek() rune {
	r, _ := utf8.DecodeRune(e)
	return r
}

// next reads one character; U+FFFD where there is none, which is no emoji.
func (e *emojiReader) next() rune {
	r, size := utf8.DecodeRune(*e)
	*e = (*e)[size:]
	return r
}

// take reads the character if it is the next.
func (e *emojiReader) take(want rune) bool {
	if len(*e) == 0 || e.peek() != want {
		return false
	}
	e.next()
	return true
}
