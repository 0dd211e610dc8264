package account

import (
	"context"
	"net/netip"
	"strings"
)

// Client is the program that a request comes from, as far as it is shown to its user in the list of log-ins. Nothing is
// decided by it.
type Client struct {
	Address netip.Addr
	// UserAgent is the header field. Only a name made from it is kept: DeviceName.
	UserAgent string
}

type clientKey struct{}

// WithClient gives a context that tells which client a call is made for.
func WithClient(ctx context.Context, c Client) context.Context {
	return context.WithValue(ctx, clientKey{}, c)
}

// clientOf is what WithClient said, or nothing.
func clientOf(ctx context.Context) Client {
	c, _ := ctx.Value(clientKey{}).(Client)
	return c
}

// address is where the client is, as text; empty if that is not known.
func (c Client) address() string {
	if !c.Address.IsValid() {
		return ""
	}
	return c.Address.Unmap().WithZone("").String()
}

// mark tells a name by a part of a User-Agent.
type mark struct{ part, name string }

// browsers are the marks in the order in which they count: most browsers also say that they are another one.
func browsers() []mark {
	return []mark{
		{"Edg/", "Edge"},
		{"EdgA/", "Edge"},
		{"EdgiOS/", "Edge"},
		{"OPR/", "Opera"},
		{"SamsungBrowser/", "Samsung Internet"},
		{"Vivaldi/", "Vivaldi"},
		{"Firefox/", "Firefox"},
		{"FxiOS/", "Firefox"},
		{"CriOS/", "Chrome"},
		{"Chrome/", "Chrome"},
		{"Safari/", "Safari"},
		{"curl/", "curl"},
		{"Go-http-client", "A Go program"},
		{"python", "A Python program"},
		{"earshot", "Earshot"},
	}
}

// systems are the marks of operating systems, as browsers.
func systems() []mark {
	return []mark{
		{"iPhone", "iPhone"},
		{"iPad", "iPad"},
		{"Android", "Android"},
		{"CrOS", "ChromeOS"},
		{"Windows", "Windows"},
		{"Mac OS X", "macOS"},
		{"Linux", "Linux"},
		{"BSD", "BSD"},
	}
}

// maxUserAgent is how much of a User-Agent is looked at, in bytes.
const maxUserAgent = 1024

// DeviceName makes a short name of a User-Agent, such as "Firefox on Linux"; empty if it says nothing that is known. It
// holds nothing but words of this file, whatever a client sends.
func DeviceName(userAgent string) string {
	userAgent = userAgent[:min(len(userAgent), maxUserAgent)]
	browser, system := marked(browsers(), userAgent), marked(systems(), userAgent)
	switch {
	case browser != "" && system != "":
		return browser + " on " + system
	case browser != "":
		return browser
	}
	return system
}

func marked(marks []mark, text string) string {
	for _, m := range marks {
		if strings.Contains(text, m.part) {
			return m.name
		}
	}
	return ""
}
