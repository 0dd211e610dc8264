package proxies

import (
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

const (
	// maxHops is how many proxies are looked through; a header with more says nothing beyond.
	maxHops = 32
	// maxHost is how long a host may be: a name of DNS with a port.
	maxHost = 253 + len(":65535")
)

// hop is what one proxy tells of the connection that it was asked through.
type hop struct {
	// from is who asked; not valid where the proxy does not know or does not say (RFC 7239, section 6.2 and 6.3).
	from netip.Addr
	// scheme is http or https, host is the Host that was asked for; empty where nothing usable is said.
	scheme, host string
}

// forwarded reads the header Forwarded (RFC 7239, section 4), the hop nearest to the server last. Of a line that is not
// well formed nothing is believed: it is one hop that tells nothing.
func forwarded(lines []string) []hop {
	var hops []hop
	for _, line := range lines {
		these, ok := forwardedLine(line)
		if !ok {
			these = []hop{{}}
		}
		hops = append(hops, these...)
	}
	return last(hops, maxHops)
}

func forwardedLine(line string) ([]hop, bool) {
	var hops []hop
	for rest, more := line, true; more; {
		var h hop
		var empty, ok bool
		if h, empty, rest, more, ok = forwardedElement(rest); !ok {
			return nil, false
		}
		if !empty { // RFC 9110, section 5.6.1.2: empty elements are to be let pass
			hops = append(hops, h)
		}
	}
	return hops, true
}

// forwardedElement reads up to the next comma that is in no quotes.
func forwardedElement(text string) (h hop, empty bool, rest string, more, ok bool) {
	seen := map[string]bool{}
	for {
		text = strings.TrimLeft(text, " \t")
		if name, after := token(text); name != "" {
			value, valueAfter, valid := value(after)
			name = strings.ToLower(name)
			if !valid || seen[name] { // section 4: each parameter once at most
				return hop{}, false, "", false, false
			}
			seen[name] = true
			h.set(name, value)
			text = strings.TrimLeft(valueAfter, " \t")
		}
		switch {
		case text == "":
			return h, len(seen) == 0, "", false, true
		case text[0] == ',':
			return h, len(seen) == 0, text[1:], true, true
		case text[0] != ';':
			return hop{}, false, "", false, false
		}
		text = text[1:]
	}
}

func (h *hop) set(name, value string) {
	switch name {
	case "for":
		h.from = node(value)
	case "proto":
		h.scheme = scheme(value)
	case "host":
		h.host = host(value)
	}
}

// token reads a token (RFC 9110, section 5.6.2), which may be empty.
func token(text string) (token, rest string) {
	i := strings.IndexFunc(text, func(r rune) bool { return !isTokenRune(r) })
	if i < 0 {
		i = len(text)
	}
	return text[:i], text[i:]
}

func isTokenRune(r rune) bool {
	return r > 0x20 && r < 0x7f && !strings.ContainsRune("\"(),/:;<=>?@[\\]{}", r)
}

// value reads an equals sign and a token or a quoted string behind it (RFC 9110, section 5.6.4).
func value(text string) (value, rest string, ok bool) {
	text, ok = strings.CutPrefix(text, "=")
	if !ok {
		return "", "", false
	}
	if !strings.HasPrefix(text, `"`) {
		value, rest = token(text)
		return value, rest, value != ""
	}
	var out strings.Builder
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '"':
			return out.String(), text[i+1:], true
		case '\\':
			if i++; i == len(text) {
				return "", "", false
			}
		}
		out.WriteByte(text[i])
	}
	return "", "", false
}

// xForwarded reads X-Forwarded-For with X-Forwarded-Proto and X-Forwarded-Host, the hop nearest to the server last. They
// have no standard. Where the latter two are lists as long as the first, they belong to the same hops; a single value
// counts for all, because most proxies write it once; of other lists nothing can be said.
func xForwarded(header http.Header) []hop {
	from := list(header, "X-Forwarded-For")
	schemes, hosts := list(header, "X-Forwarded-Proto"), list(header, "X-Forwarded-Host")
	if len(from) == 0 && (len(schemes) > 0 || len(hosts) > 0) {
		from = []string{""}
	}
	of := func(values []string, i int) string {
		switch len(values) {
		case 1:
			return values[0]
		case len(from):
			return values[i]
		}
		return ""
	}
	hops := make([]hop, len(from))
	for i, text := range from {
		hops[i] = hop{from: node(text), scheme: scheme(of(schemes, i)), host: host(of(hosts, i))}
	}
	return last(hops, maxHops)
}

func list(header http.Header, name string) []string {
	var all []string
	for _, line := range header.Values(name) {
		for part := range strings.SplitSeq(line, ",") {
			all = append(all, strings.Trim(part, " \t"))
		}
	}
	return all
}

// node reads who asked: an address, in brackets if it is one of IPv6, with a port or without (RFC 7239, section 6), and as
// X-Forwarded-For has it without brackets. It is not valid for "unknown", for names that hide one, and for anything else.
func node(text string) netip.Addr {
	if at, err := netip.ParseAddrPort(text); err == nil {
		return plain(at.Addr())
	}
	if inner, ok := strings.CutPrefix(text, "["); ok {
		if text, ok = strings.CutSuffix(inner, "]"); !ok || !strings.Contains(text, ":") {
			return netip.Addr{}
		}
	} else if before, port, ok := strings.Cut(text, ":"); ok && strings.HasPrefix(port, "_") { // a port that is hidden
		text = before
	}
	addr, err := netip.ParseAddr(text)
	if err != nil {
		return netip.Addr{}
	}
	return plain(addr)
}

// plain gives an address in its one form, without a zone, which means something on one machine only.
func plain(addr netip.Addr) netip.Addr { return addr.Unmap().WithZone("") }

func scheme(text string) string {
	switch strings.ToLower(text) {
	case "https", "wss": // some proxies tell a handshake so
		return "https"
	case "http", "ws":
		return "http"
	}
	return ""
}

// host gives a Host that can be one, and otherwise nothing.
func host(text string) string {
	u, err := url.Parse("http://" + text)
	if err != nil || u.Host != text || u.Hostname() == "" || len(text) > maxHost || strings.ContainsAny(text, "\"'<>\\ ") {
		return ""
	}
	return text
}

// last gives the last n at most.
func last(hops []hop, n int) []hop { return slices.Clip(hops[max(0, len(hops)-n):]) }
