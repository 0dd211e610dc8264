package proxies

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pires/go-proxyproto"

	"github.com/earshot-chat/earshot/internal/logtest"
)

const signature = "\r\n\r\n\x00\r\nQUIT\n"

// header2 is a header of version 2: command, family, and what follows the length.
func header2(command, family byte, rest string) string {
	return signature + string([]byte{command, family, byte(len(rest) >> 8), byte(len(rest))}) + rest
}

// ofClient is what a proxy sends for a client at 198.51.100.7 port 4711.
func ofClient(tlvs string) string {
	return header2(0x21, 0x11, "\xc6\x33\x64\x07\x0a\x00\x00\x01\x12\x67\x01\xbb"+tlvs)
}

func TestHeaders(t *testing.T) {
	const client = "198.51.100.7:4711"
	for name, c := range map[string]struct{ header, want string }{
		"IPv4":           {ofClient(""), client},
		"with TLVs":      {ofClient("\x01\x00\x02h2\x04\x00\x01x"), client},
		"broken TLVs":    {ofClient("\x01\xff\xffh2"), client}, // they are not read
		"4 kB of TLVs":   {ofClient(strings.Repeat("\x04\x00\x01x", 1021)), client},
		"IPv6":           {header2(0x21, 0x21, "\x20\x01\x0d\xb8"+strings.Repeat("\x00", 11)+"\x01"+strings.Repeat("\x00", 16)+"\x12\x67\x01\xbb"), "[2001:db8::1]:4711"},
		"LOCAL":          {header2(0x20, 0x00, ""), "own"},
		"LOCAL with TLV": {header2(0x20, 0x00, "\x04\x00\x01x"), "own"},
		"LOCAL, IPv4":    {header2(0x20, 0x11, "\xc6\x33\x64\x07\x0a\x00\x00\x01\x12\x67\x01\xbb"), "own"},
		"UNSPEC":         {header2(0x21, 0x00, "\x04\x00\x01x"), "own"},
		"Unix":           {header2(0x21, 0x31, strings.Repeat("\x00", 216)), "own"},

		"UDP":               {header2(0x21, 0x12, "\xc6\x33\x64\x07\x0a\x00\x00\x01\x12\x67\x01\xbb"), ""},
		"too short for it":  {header2(0x21, 0x11, "\xc6\x33"), ""},
		"another version":   {header2(0x11, 0x11, "\xc6\x33\x64\x07\x0a\x00\x00\x01\x12\x67\x01\xbb"), ""},
		"another command":   {header2(0x22, 0x11, "\xc6\x33\x64\x07\x0a\x00\x00\x01\x12\x67\x01\xbb"), ""},
		"another family":    {header2(0x21, 0x41, strings.Repeat("\x00", 40)), ""},
		"another transport": {header2(0x21, 0x13, strings.Repeat("\x00", 40)), ""},
		"over the bound":    {ofClient(strings.Repeat("x", maxHeader)), ""},
		"64 kB":             {header2(0x21, 0x11, strings.Repeat("\xff", 65535)), ""},
		"version 1":         {"PROXY TCP4 198.51.100.7 10.0.0.1 4711 443\r\n", ""},
		"none":              {"GET / HTTP/1.1\r\nHost: x\r\n\r\n", ""},
		"cut":               {ofClient("")[:20], ""},
		"nothing":           {"", ""},
		"junk":              {strings.Repeat("\xff\x00", 500), ""},
	} {
		rest := strings.NewReader(c.header + "and the rest")
		if c.want == "" {
			rest = strings.NewReader(c.header)
		}
		from, err := readHeader(rest)
		got := "own"
		switch {
		case err != nil:
			got = ""
		case from != nil:
			got = from.String()
		}
		if got != c.want {
			t.Errorf("%s: %q (%v), not %q", name, got, err, c.want)
		}
		if long := len(c.header) > prefixBytes+maxHeader && strings.HasPrefix(c.header, signature); long != errors.Is(err, errTooLong) {
			t.Errorf("%s: %v", name, err)
		}
		if left, _ := io.ReadAll(rest); c.want != "" && string(left) != "and the rest" {
			t.Errorf("%s: %q is left", name, left)
		}
	}
}

// FuzzHeader reads junk behind the signature: no panic, no more read than the header says, and the same address as the
// library has by itself.
func FuzzHeader(f *testing.F) {
	f.Add([]byte(ofClient("x")[12:]))
	f.Add([]byte(header2(0x20, 0x00, "")[12:]))
	f.Add([]byte{0x21, 0x21, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, junk []byte) {
		all := append([]byte(signature), junk...)
		r := bytes.NewReader(all)
		from, err := readHeader(r)
		if err != nil {
			return
		}
		if took, said := len(all)-r.Len(), 16+int(all[14])<<8+int(all[15]); took != said || took > prefixBytes+maxHeader {
			t.Fatalf("it took %d bytes of a header of %d", took, said)
		}
		parsed, err := proxyproto.Read(bufio.NewReader(bytes.NewReader(all)))
		if err == nil && from != nil && parsed.SourceAddr.String() != from.String() {
			t.Fatalf("%v and %v", from, parsed.SourceAddr)
		}
	})
}

// served answers each request with where it comes from, behind a listener that trusts the networks.
func served(t *testing.T, networks ...string) (address string, log *logtest.Records) {
	t.Helper()
	log = &logtest.Records{}
	var lc net.ListenConfig
	inner, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = fmt.Fprintln(w, r.RemoteAddr) //nolint:gosec // no page
		}),
		ReadHeaderTimeout: time.Minute,
	}
	var work sync.WaitGroup
	trust := trusting(slog.New(slog.NewTextHandler(log, nil)), networks...)
	work.Go(func() { _ = server.Serve(trust.Listener(inner)) })
	t.Cleanup(func() {
		_ = server.Close()
		work.Wait()
	})
	return inner.Addr().String(), log
}

// send opens a connection, sends the text, and gives all that comes back.
func send(t *testing.T, address, text string) string {
	t.Helper()
	var d net.Dialer
	nc, err := d.DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = nc.Close() }()
	_ = nc.SetDeadline(time.Now().Add(time.Minute))
	if _, err := io.WriteString(nc, text); err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(nc)
	if late, ok := errors.AsType[net.Error](err); ok && late.Timeout() {
		t.Errorf("after %q the connection stays open", text)
	}
	return string(answer)
}

const request = "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"

func TestListener(t *testing.T) {
	address, log := served(t, "127.0.0.0/8")
	if got := send(t, address, ofClient("\x01\x00\x02h2")+request); !strings.Contains(got, "\n198.51.100.7:4711\n") {
		t.Errorf("of a client: %q", got)
	}
	if got := send(t, address, header2(0x20, 0, "")+request); !strings.Contains(got, "\n127.0.0.1:") {
		t.Errorf("of the proxy itself: %q", got)
	}
	for text, want := range map[string]string{
		request: "sent no header",
		"PROXY TCP4 198.51.100.7 10.0.0.1 4711 443\r\n" + request: "version 2",
		header2(0x21, 0x12, strings.Repeat("x", 12)) + request:    "not TCP",
	} {
		if got := send(t, address, text); got != "" || !strings.Contains(log.String(), want) {
			t.Errorf("%q: %q, log %s", text, got, log)
		}
	}
	// The header comes in pieces, with the request in the last.
	var d net.Dialer
	nc, err := d.DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = nc.Close() }()
	for _, piece := range []string{ofClient("")[:3], ofClient("")[3:17], ofClient("")[17:] + request} {
		if _, err := io.WriteString(nc, piece); err != nil {
			t.Fatal(err)
		}
	}
	if got, _ := io.ReadAll(nc); !strings.Contains(string(got), "\n198.51.100.7:4711\n") {
		t.Errorf("in pieces: %q", got)
	}
}

// TestStrangers sends headers from an address that is not trusted: they are no requests, and name nobody.
func TestStrangers(t *testing.T) {
	address, log := served(t, "192.0.2.0/24")
	for _, text := range []string{ofClient(""), "PROXY TCP4 198.51.100.7 10.0.0.1 4711 443\r\n"} {
		if got := send(t, address, text+request); !strings.HasPrefix(got, "HTTP/1.1 400") || strings.Contains(got, "198.51.100.7") {
			t.Errorf("%q: %q", text, got)
		}
	}
	if got := send(t, address, request); !strings.Contains(got, "\n127.0.0.1:") {
		t.Errorf("without a header: %q", got)
	}
	if log.String() != "" {
		t.Errorf("strangers can fill the log: %s", log)
	}
}

// TestSlowHeader has a trusted proxy begin a header and leave it: it is cut when its time is over.
func TestSlowHeader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		defer func() { _ = theirs.Close() }()
		go func() { _, _ = io.WriteString(theirs, ofClient("")[:20]) }()
		began := time.Now()
		_, err := (&conn{Conn: ours, log: slog.New(slog.DiscardHandler)}).Read(make([]byte, 1))
		if took := time.Since(began); !errors.Is(err, os.ErrDeadlineExceeded) || took != headerTime {
			t.Errorf("after %v: %v", took, err)
		}
	})
}

// TestBare takes the wrapping off: nothing is lost that came right behind the header.
func TestBare(t *testing.T) {
	ours, theirs := net.Pipe()
	defer func() { _ = ours.Close() }()
	var work sync.WaitGroup
	work.Go(func() {
		_, _ = io.WriteString(theirs, ofClient("")+"more")
		_ = theirs.Close()
	})
	c := &conn{Conn: ours, log: slog.New(slog.DiscardHandler)}
	if c.Bare() != ours || c.RemoteAddr().String() != "198.51.100.7:4711" {
		t.Errorf("%v from %v", c.Bare(), c.RemoteAddr())
	}
	if got, err := io.ReadAll(ours); string(got) != "more" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	work.Wait()
	if broken := (&conn{Conn: ours, log: slog.New(slog.DiscardHandler)}); broken.Bare() != broken {
		t.Error("without a header the connection is given")
	}
}
