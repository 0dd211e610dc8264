//go:build unix

package privacy

import (
	"bytes"
	"crypto/rand"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
)

// kind says how a canary came to the server.
type kind string

// book holds the canaries of a test: random words of which each text consists, over and over, so that a piece of a text is
// enough to know it by. A word is looked for as it is, and as it would stand in UTF-16 and UTF-32.
type book struct {
	mu     sync.Mutex
	kinds  []kind            // of each canary
	words  map[uint64][]sign // by their first eight bytes
	filter []uint64          // a bit for each beginning of three bytes that a sign has
}

// sign is a run of bytes by which a canary is known.
type sign struct {
	bytes  []byte
	form   string
	canary int
}

// wordSize is the length of a canary's word in bytes, and longestSign that of the longest sign.
const (
	wordSize    = 16
	longestSign = 4 * wordSize
)

func newBook() *book {
	return &book{words: make(map[uint64][]sign), filter: make([]uint64, 1<<24/64)}
}

// text makes a canary and gives a text of about so many bytes that consists of it. In a long one every other word is
// noise: so it keeps its length when it is compressed, and any piece of that is its own.
func (b *book) text(k kind, size int) string {
	word := b.word(k)
	words := slices.Repeat([]string{word}, max(1, size/(wordSize+1)))
	for i := 1; size > packedFrom && i < len(words); i += 2 {
		words[i] = noise()
	}
	return strings.Join(words, " ")
}

// packedFrom is from how many bytes on the compressed form of a text is looked for too.
const packedFrom = 500

func noise() string {
	var secret [10]byte
	_, _ = rand.Read(secret[:]) // never fails: crypto/rand
	return strings.ToLower(base32.StdEncoding.EncodeToString(secret[:]))
}

// word makes a canary and gives its word.
func (b *book) word(k kind) string {
	word := noise()
	b.mu.Lock()
	defer b.mu.Unlock()
	b.kinds = append(b.kinds, k)
	n := len(b.kinds) - 1
	b.sign(n, "", []byte(word))
	b.sign(n, "UTF-16", widen(word, 2))
	b.sign(n, "UTF-32", widen(word, 4))
	return word
}

// known has something that exists already looked for as well: a cookie, a token.
func (b *book) known(k kind, text string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.kinds = append(b.kinds, k)
	b.sign(len(b.kinds)-1, "", []byte(text[:min(len(text), longestSign)]))
}

// packed has the compressed form of a canary's text looked for too, by its middle.
func (b *book) packed(text string, form []byte) {
	if len(text) <= packedFrom {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, s := range b.words[binary.LittleEndian.Uint64([]byte(text))] {
		if s.form == "" && strings.HasPrefix(text, string(s.bytes)) {
			b.sign(s.canary, "compressed", bytes.Clone(form[len(form)/2:][:wordSize]))
			return
		}
	}
}

// sign notes one sign. Under mu.
func (b *book) sign(canary int, form string, sample []byte) {
	first := binary.LittleEndian.Uint64(sample)
	b.words[first] = append(b.words[first], sign{sample, form, canary})
	start := first & (1<<24 - 1)
	b.filter[start/64] |= 1 << (start % 64)
}

func widen(word string, width int) []byte {
	wide := make([]byte, width*len(word))
	for i := range len(word) {
		wide[i*width] = word[i]
	}
	return wide
}

// finding is where a canary was found.
type finding struct {
	canary int
	form   string
	at     int64
}

// findings is what a search gave.
type findings struct {
	book *book
	all  []finding
}

// search reads to the end and gives all signs that it meets.
func (b *book) search(r io.Reader) (findings, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	found := findings{book: b}
	buf := make([]byte, 1<<20+longestSign)
	kept, base := 0, int64(0)
	for {
		n, err := io.ReadFull(r, buf[kept:])
		block := buf[:kept+n]
		over := err == io.EOF || err == io.ErrUnexpectedEOF
		end := len(block) - longestSign + 1
		if over {
			end = len(block) - 8 + 1 // no sign is shorter
		}
		for i := 0; i < end; i++ {
			first := binary.LittleEndian.Uint64(block[i:])
			if first == 0 {
				i += 7 // no sign begins with a zero; much of a memory is nothing else
				continue
			}
			start := first & (1<<24 - 1)
			if b.filter[start/64]&(1<<(start%64)) == 0 {
				continue
			}
			for _, s := range b.words[first] {
				if bytes.HasPrefix(block[i:], s.bytes) {
					found.all = append(found.all, finding{s.canary, s.form, base + int64(i)})
				}
			}
		}
		if over {
			return found, nil
		}
		if err != nil {
			return found, err
		}
		base += int64(end)
		kept = copy(buf, block[end:])
	}
}

// searchFile searches one file.
func (b *book) searchFile(t *testing.T, name string) findings {
	t.Helper()
	file, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	found, err := b.search(file)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return found
}

// only gives what was found of some kinds.
func (f findings) only(kinds ...kind) findings {
	return findings{f.book, slices.DeleteFunc(slices.Clone(f.all), func(one finding) bool {
		return !slices.Contains(kinds, f.book.kinds[one.canary])
	})}
}

// except gives what was found of all other kinds.
func (f findings) except(kinds ...kind) findings {
	return findings{f.book, slices.DeleteFunc(slices.Clone(f.all), func(one finding) bool {
		return slices.Contains(kinds, f.book.kinds[one.canary])
	})}
}

// canaries is how many canaries were found, however often.
func (f findings) canaries() int {
	seen := map[int]bool{}
	for _, one := range f.all {
		seen[one.canary] = true
	}
	return len(seen)
}

// String tells how many canaries of each kind were found, and in which form.
func (f findings) String() string {
	seen, counts := map[finding]bool{}, map[string]int{}
	for _, one := range f.all {
		one.at = 0
		if !seen[one] {
			seen[one] = true
			counts[strings.TrimSpace(string(f.book.kinds[one.canary])+" "+one.form)]++
		}
	}
	var out []string
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		out = append(out, fmt.Sprintf("%s: %d", name, counts[name]))
	}
	if out == nil {
		return "nothing"
	}
	return strings.Join(out, ", ")
}

// TestSearch tries the search itself, over the seams of its blocks too.
func TestSearch(t *testing.T) {
	b := newBook()
	var hay bytes.Buffer
	for i := range 200 {
		hay.WriteString(strings.Repeat("\x00", 20000+i))
		word := b.word("said")
		switch i % 3 {
		case 0:
			hay.WriteString(word)
		case 1:
			hay.Write(widen(word, 2))
		case 2:
			hay.Write(widen(word, 4))
		}
	}
	found, err := b.search(&hay)
	if err != nil || found.canaries() != 200 || found.String() != "said: 67, said UTF-16: 67, said UTF-32: 66" {
		t.Errorf("found %v, %v", found, err)
	}
	if found, _ = b.search(strings.NewReader(b.word("other")[:15])); found.canaries() != 0 {
		t.Errorf("found %v in a part of a word", found)
	}
}
