package earshot_test

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/earshot-chat/earshot"
)

func TestParseRange(t *testing.T) {
	for in, want := range map[string]string{
		"192.0.2.1": "192.0.2.1/32", "192.0.2.77/24": "192.0.2.0/24", " 10.0.0.0/8 ": "10.0.0.0/8",
		"::ffff:192.0.2.1": "192.0.2.1/32", "::ffff:192.0.2.0/120": "192.0.2.0/24",
		"2001:db8::1": "2001:db8::/64", "2001:db8:1:2:3::/64": "2001:db8:1:2::/64", "2001:db8::/32": "2001:db8::/32",
	} {
		if got, err := earshot.ParseRange(in); err != nil || got.String() != want {
			t.Errorf("%q: %v, %v", in, got, err)
		}
	}
	for _, in := range []string{
		"", "x", "192.0.2", "192.0.2.1/33", "192.0.2.1/-1", "0.0.0.0/0", "1.0.0.0/7", "::/0", "2000::/15", "2001:db8::/65", "2001:db8::1/128",
		"fe80::1%eth0", "::ffff:0:0/90", "192.0.2.0/24,10.0.0.0/8", "192.0.2.0/24\x00", string(make([]byte, 1<<20)),
	} {
		if got, err := earshot.ParseRange(in); earshot.CodeOf(err) != earshot.CodeInvalid || earshot.AsError(err).Field != "range" {
			t.Errorf("%.40q: %v, %v", in, got, err)
		}
	}
}

func TestRanges(t *testing.T) {
	soon := time.Now().Add(time.Hour).Truncate(time.Millisecond)
	ranges := earshot.NewRanges([]earshot.Ban{
		{Range: "192.0.2.0/24", Until: soon},
		{Range: "192.0.2.7/32", Until: earshot.Forever()},
		{Range: "10.0.0.0/8", Until: soon},
		{Range: "2001:db8::/32", Until: soon},
		{Range: "2001:db9:0:1::/64", Until: soon},
		{User: earshot.UserRef{ID: 1}, Until: soon},
	})
	for addr, want := range map[string]time.Time{
		"192.0.2.1": soon, "::ffff:192.0.2.1": soon, "192.0.2.7": earshot.Forever(), "192.0.3.0": {}, "10.255.0.1": soon, "11.0.0.1": {},
		"2001:db8:ffff::1": soon, "2001:db9:0:1:ffff::1": soon, "2001:db9:0:2::1": {}, "::1": {}, "127.0.0.1": {},
	} {
		if got := ranges.Until(earshot.SourceOf(netip.MustParseAddr(addr))); !got.Equal(want) {
			t.Errorf("%s: %v, not %v", addr, got, want)
		}
	}
	for what, r := range map[string]*earshot.Ranges{"none": nil, "empty": earshot.NewRanges(nil)} {
		if got := r.Until(earshot.SourceOf(netip.MustParseAddr("192.0.2.1"))); !got.IsZero() {
			t.Errorf("%s: %v", what, got)
		}
	}
	if got := ranges.Until(earshot.SourceOf(netip.Addr{})); !got.IsZero() {
		t.Errorf("from nowhere: %v", got)
	}
	for remote, want := range map[string]string{"192.0.2.1:80": "192.0.2.1", "[::ffff:192.0.2.1]:80": "192.0.2.1", "@": "invalid IP", "": "invalid IP"} {
		if got := earshot.AddressOf(remote).String(); got != want {
			t.Errorf("%q: %s", remote, got)
		}
	}
}

// BenchmarkRanges is what a request costs with 100,000 bans of addresses.
func BenchmarkRanges(b *testing.B) {
	bans := make([]earshot.Ban, 100_000)
	for i := range bans {
		bans[i] = earshot.Ban{Range: fmt.Sprintf("10.%d.%d.%d/%d", i>>16, i>>8&255, i&255, 20+i%13), Until: earshot.Forever()}
	}
	ranges := earshot.NewRanges(bans)
	from := earshot.SourceOf(netip.MustParseAddr("192.0.2.1"))
	for b.Loop() {
		ranges.Until(from)
	}
}
