// Package pack compresses what goes out to clients, each piece by itself (RFC 1951), and keeps nothing of it: neither a
// window for a connection at rest, nor a text in the compressor's memory when it is done.
package pack

import (
	"crypto/rand"
	"errors"
	"io"

	"github.com/klauspost/compress/flate"
)

// Tail is what a packed piece ends with: an empty block that is not compressed, which brings it to a whole byte.
const Tail = "\x00\x00\xff\xff"

// Packer packs pieces, and forgets them: the compressor keeps its tables for the next piece, and in them a text stands as
// one number a byte; and it keeps the end of what it gave. Both are written over with noise. New makes one; many
// goroutines may use it at once.
type Packer struct {
	// many is noise of many letters, which the compressor takes one by one, and few of few, which it makes shorter.
	many, few []byte
}

// MostAtOnce is how many bytes the compressor works on at a time.
const MostAtOnce = 1 << 15

// New makes a packer, with noise of its own.
func New() *Packer {
	p := &Packer{many: make([]byte, MostAtOnce), few: make([]byte, 1024)}
	_, _ = rand.Read(p.many)    // never fails: crypto/rand
	copy(p.many[16:32], p.many) // without any repetition it would not be worked on
	for i := range p.few {
		p.few[i] = p.many[64+i] & 7
	}
	return p
}

// ErrNoGain says that a piece does not become shorter by compressing it.
var ErrNoGain = errors.New("pack: compressing gains nothing")

// Pack compresses a piece that nothing before it is needed to unpack, into blocks none of which is the last one; it ends
// with Tail. What it gives is the caller's to clear. It fails with ErrNoGain.
func (p *Packer) Pack(plain []byte) ([]byte, error) {
	out := fixed{make([]byte, 0, len(plain))}
	err := flate.StatelessDeflate(&out, plain, false, nil)
	for _, noise := range [][]byte{p.many[:min(len(plain), len(p.many))], p.few} {
		_ = flate.StatelessDeflate(io.Discard, noise, false, nil) // Discard takes all
	}
	if err != nil {
		clear(out.bytes)
		return nil, err
	}
	return out.bytes, nil
}

// fixed takes what fits into its bytes, so that none are left behind by growing.
type fixed struct{ bytes []byte }

// Write implements io.Writer.
func (f *fixed) Write(b []byte) (int, error) {
	if len(b) > cap(f.bytes)-len(f.bytes) {
		return 0, ErrNoGain
	}
	f.bytes = append(f.bytes, b...)
	return len(b), nil
}
