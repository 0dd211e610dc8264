package earshot

import (
	"encoding/binary"
	"net/netip"
	"strings"
	"time"
)

// Source is where a connection comes from, as far as bans ask: the whole of an address of IPv4, and of one of IPv6 the
// network, its first 64 bits, which is what one subscriber has (RFC 6177). It is one number, because every session keeps
// one. Zero is unknown.
type Source uint64

// AddressOf gives the address of a request's other end, which net/http writes with a port (Request.RemoteAddr).
func AddressOf(remote string) netip.Addr {
	from, err := netip.ParseAddrPort(remote)
	if err != nil {
		return netip.Addr{}
	}
	return from.Addr().Unmap()
}

// v4Mark sets addresses of IPv4 apart from networks of IPv6: 0:1::/32 is reserved (RFC 4291, section 4).
const v4Mark = 1 << 32

// SourceOf gives the source of an address; addresses of IPv4 written as IPv6 are what they are.
func SourceOf(addr netip.Addr) Source {
	addr = addr.Unmap()
	switch {
	case addr.Is4():
		b := addr.As4()
		return Source(v4Mark | uint64(binary.BigEndian.Uint32(b[:])))
	case addr.Is6():
		b := addr.As16()
		if n := binary.BigEndian.Uint64(b[:]); n != 0 {
			return Source(n)
		}
		return loopback6 // ::1, and nothing else that anybody comes from
	}
	return 0
}

// loopback6 is the source of ::1, whose first 64 bits are zero.
const loopback6 Source = 1

// Bounds of a ban of addresses: shorter prefixes are whole providers and more.
const (
	minBits4, maxBits4 = 8, 32
	minBits6, maxBits6 = 16, 64
)

// ParseRange reads a range of addresses in CIDR's form, or a single address, which for IPv6 is its /64, and gives it in
// the one form in which it is kept. CodeInvalid with the field "range" otherwise.
func ParseRange(text string) (netip.Prefix, error) {
	refuse := func(message string) (netip.Prefix, error) { return netip.Prefix{}, FieldError("range", "%s", message) }
	const longest = 64
	if len(text) > longest {
		return refuse("That is no address, and no range such as 192.0.2.0/24.")
	}
	text = strings.TrimSpace(text)
	prefix, err := netip.ParsePrefix(text)
	if err != nil {
		addr, err := netip.ParseAddr(text)
		if err != nil || addr.Zone() != "" {
			return refuse("That is no address, and no range such as 192.0.2.0/24.")
		}
		bits := maxBits4
		if addr = addr.Unmap(); addr.Is6() {
			bits = maxBits6
		}
		prefix = netip.PrefixFrom(addr, bits)
	}
	if prefix.Addr().Is4In6() { // ::ffff:192.0.2.0/120 is 192.0.2.0/24
		const mapped = 96
		if prefix.Bits() < mapped {
			return refuse("A range of IPv4 addresses is written as one, such as 192.0.2.0/24.")
		}
		prefix = netip.PrefixFrom(prefix.Addr().Unmap(), prefix.Bits()-mapped)
	}
	switch {
	case prefix.Addr().Is4() && prefix.Bits() < minBits4, prefix.Addr().Is6() && prefix.Bits() < minBits6:
		return refuse("That range is too wide: an IPv4 range has at least 8 bits, an IPv6 range at least 16.")
	case prefix.Addr().Is6() && prefix.Bits() > maxBits6:
		return refuse("An IPv6 range has at most 64 bits: one subscriber has a /64.")
	}
	return prefix.Masked(), nil
}

// Ranges are the addresses that are banned. They do not change; nil bans nobody. To look an address up takes as long as
// there are lengths of prefixes, however many ranges there are.
type Ranges struct {
	until map[span]time.Time
	// bits are the lengths of prefix that there are, of IPv4 counted from the number's marked 32 bits on.
	bits []int
}

// span is the sources that begin with these bits.
type span struct {
	first Source
	bits  int
}

// NewRanges makes Ranges of the bans of addresses among bans; what is no range is left out.
func NewRanges(bans []Ban) *Ranges {
	r := &Ranges{until: make(map[span]time.Time, len(bans))}
	have := make(map[int]bool)
	for i := range bans {
		prefix, err := netip.ParsePrefix(bans[i].Range)
		if err != nil {
			continue
		}
		bits := prefix.Bits()
		if prefix.Addr().Is4() {
			bits += 32 // those of the mark stand before it
		}
		s := span{first: SourceOf(prefix.Addr()).masked(bits), bits: bits}
		if bans[i].Until.After(r.until[s]) {
			r.until[s] = bans[i].Until
		}
		if !have[bits] {
			have[bits] = true
			r.bits = append(r.bits, bits)
		}
	}
	return r
}

func (s Source) masked(bits int) Source { return s &^ (1<<(64-bits) - 1) }

// Until tells until when the source is banned: not after now if it is not.
func (r *Ranges) Until(s Source) time.Time {
	var until time.Time
	if r == nil || s == 0 {
		return until
	}
	for _, bits := range r.bits {
		if u := r.until[span{first: s.masked(bits), bits: bits}]; u.After(until) {
			until = u
		}
	}
	return until
}
