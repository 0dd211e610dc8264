package config_test

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"

	"github.com/earshot-chat/earshot/config"
)

// serve is a command line that takes every setting, as earshot serve does.
type serve struct {
	config.FileFlag
	config.Config `embed:""`
}

func parse(t *testing.T, env map[string]string, args ...string) (config.Config, error) {
	t.Helper()
	var grammar serve
	lookup := func(name string) (string, bool) {
		value, ok := env[name]
		return value, ok
	}
	parser, err := kong.New(&grammar, append(config.NewSource(lookup).Options(), kong.Name("earshot"))...)
	if err != nil {
		t.Fatal(err)
	}
	_, err = parser.Parse(args)
	return grammar.Config, err
}

func file(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "earshot.toml")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestDefaultsAreValid(t *testing.T) {
	c, err := parse(t, nil)
	if err != nil {
		t.Fatal(err)
	}
	if c.Listen != "127.0.0.1:8000" || c.SignUp != "invite" || c.CreateRooms != "everyone" || c.PingInterval != 12*time.Second ||
		c.Limits.PostsPerSecond != 20 || c.Limits.PostsBurst != 100 || c.Limits.SessionsPerUser != 50 {
		t.Errorf("defaults are %+v", c)
	}
	if got := c.DSN(); got != filepath.Join("data", "earshot.db") {
		t.Errorf("database is %q", got)
	}
}

func TestPrecedence(t *testing.T) {
	name := file(t, `
listen = "127.0.0.1:1"
public_url = "https://file.example"
origins = ["https://a.example", "https://b.example"]
ping_interval = "3s"
[limits]
rooms = 7
posts_burst = 8
posts_per_second = 1.5
[log]
level = "debug"
`)
	env := map[string]string{
		"EARSHOT_CONFIG": name, "EARSHOT_LISTEN": "127.0.0.1:2", "EARSHOT_LIMITS_ROOMS": "9",
		"EARSHOT_LIMITS_POSTS_BURST": "", // empty counts as unset
		"EARSHOT_PUBLIC_URL":         "https://env.example",
	}
	c, err := parse(t, env, "--listen", "127.0.0.1:3")
	if err != nil {
		t.Fatal(err)
	}
	for _, check := range []struct {
		what string
		ok   bool
	}{
		{"a flag goes before the environment and the file", c.Listen == "127.0.0.1:3"},
		{"the environment goes before the file", c.PublicURL == "https://env.example" && c.Limits.Rooms == 9},
		{"the file goes before the default", c.Limits.PostsBurst == 8 && c.PingInterval == 3*time.Second && c.Log.Level == "debug"},
		{"a number with a fraction", c.Limits.PostsPerSecond == 1.5},
		{"a list in the file", slices.Equal(c.Origins, []string{"https://a.example", "https://b.example"})},
		{"the default where nothing is said", c.Limits.TextBytes == 8192},
	} {
		if !check.ok {
			t.Errorf("%s: not so in %+v", check.what, c)
		}
	}
	c, err = parse(t, map[string]string{"EARSHOT_ORIGINS": "https://x.example,https://y.example"})
	if err != nil || !slices.Equal(c.Origins, []string{"https://x.example", "https://y.example"}) {
		t.Errorf("a list in the environment: %v, %v", c.Origins, err)
	}
}

func TestBadFiles(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"unknown key":    {"lissten = ':1'", "no such setting: lissten"},
		"unknown nested": {"[limits]\nroom = 1", "no such setting: limits.room"},
		"unknown table":  {"[limit]\nrooms = 1", "no such setting"},
		"wrong type":     {"[limits]\nrooms = 'many'", "incompatible types"},
		"not TOML":       {"listen = ", "line 1"},
		"twice":          {"listen = ':1'\nlisten = ':2'", "line 2"},
		"the file's own": {"config = 'x'", "no such setting: config"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := parse(t, nil, "--config", file(t, c.text))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error is %v, not one with %q", err, c.want)
			}
		})
	}
	if _, err := parse(t, nil, "--config", filepath.Join(t.TempDir(), "none")); err == nil || !strings.Contains(err.Error(), "is not there") {
		t.Errorf("a missing file: %v", err)
	}
}

func TestBadSettings(t *testing.T) {
	for args, want := range map[string]string{
		"--listen=8000":                       "HOST:PORT",
		"--listen=127.0.0.1:http":             "number from 0 to 65535",
		"--listen=127.0.0.1:65536":            "number from 0 to 65535",
		"--public-url=chat.example":           "scheme and a host",
		"--public-url=ftp://chat.example":     "scheme and a host",
		"--public-url=https://chat.example/x": "nothing after the host",
		"--public-url=https://a@chat.example": "nothing after the host",
		"--origins=null":                      "scheme and a host",
		"--origins=*":                         "scheme and a host",
		"--sign-up=maybe":                     "open, invite or closed",
		"--create-rooms=none":                 "everyone or staff",
		"--limits-text-bytes=0":               "from 1 to",
		"--limits-text-bytes=60000":           "may need frames of",
		"--limits-rooms=0":                    "from 1 to",
		"--limits-posts-per-second=0":         "over 0",
		"--limits-posts-per-second=NaN":       "over 0",
		"--limits-sessions-per-user=-1":       "from 1 to",
		"--ping-interval=5ms":                 "from 1s to 10m",
		"--ping-interval=25":                  "",
		"--write-buffer=1":                    "from 262144",
		"--write-buffer=300000":               "at least 327680",
		"--resume-window=-1s":                 "from 0 to 10m",
		"--resume-window=1h":                  "from 0 to 10m",
		"--resume-grace=11m":                  "from 0 to 10m",
		"--resume-room-bytes=0":               "from 16384",
		"--resume-bytes=1":                    "from 16384",
		"--log-level=loud":                    "debug, info, warn or error",
		"--log-format=xml":                    "text or json",
		"--name= ":                            "from 1 to 200",
		"--tls-cert=cert.pem":                 "belong together",
		"--tls-key=key.pem":                   "belong together",
		"--tls-redirect=:80":                  "needs tls.cert",
		"--tls-redirect=80":                   "HOST:PORT",
		"--tls-hsts=-1s":                      "0 or from 1s",
		"--tls-hsts=30000h":                   "0 or from 1s",
	} {
		if _, err := parse(t, nil, args); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error is %v, not one with %q", args, err, want)
		}
	}
}

func TestTLS(t *testing.T) {
	c, err := parse(t, nil)
	if err != nil || c.TLS.On() || c.Secure() || c.TLS.HSTS != 180*24*time.Hour {
		t.Errorf("by default: %+v, %v", c.TLS, err)
	}
	name := file(t, "[tls]\ndev = true\nhsts = '0'\nredirect = ':80'")
	c, err = parse(t, map[string]string{"EARSHOT_CONFIG": name})
	if err != nil || !c.TLS.Dev || !c.Secure() || c.TLS.HSTS != 0 || c.TLS.Redirect != ":80" {
		t.Errorf("by the file: %+v, %v", c.TLS, err)
	}
	c, err = parse(t, map[string]string{"EARSHOT_TLS_CERT": "c", "EARSHOT_TLS_KEY": "k"})
	if err != nil || c.TLS.Dev || !c.Secure() || !c.TLS.On() {
		t.Errorf("by the environment: %+v, %v", c.TLS, err)
	}
	if _, err := parse(t, nil, "--tls-dev", "--tls-cert=c", "--tls-key=k"); err == nil || !strings.Contains(err.Error(), "cannot be set together") {
		t.Errorf("both kinds: %v", err)
	}
	a := config.Address{Listen: ":8443", TLS: config.TLS{Dev: true}}
	if got := a.BaseURL(addr(t, "[::]:8443")); got != "https://localhost:8443" {
		t.Errorf("address: %s", got)
	}
	a.Listen = "Chat.lan:443"
	if got := a.BaseURL(addr(t, "10.0.0.1:443")); got != "https://chat.lan" {
		t.Errorf("address: %s", got)
	}
	for _, c := range []struct{ listen, public, want string }{
		{"Chat.lan:443", "https://chat.example:444", "chat.example"},
		{"Chat.lan:443", "", "Chat.lan"},
		{"10.0.0.1:443", "", "10.0.0.1"},
		{":443", "", ""},
		{"0.0.0.0:443", "", ""},
		{"localhost:443", "", ""},
		{"[::1]:443", "", ""},
	} {
		a := config.Address{Listen: c.listen, PublicURL: c.public}
		if got := a.Host(); got != c.want {
			t.Errorf("%+v: %q", c, got)
		}
	}
	set := config.Config{Address: config.Address{Listen: "127.0.0.1:443", TLS: config.TLS{Dev: true}}}
	want := []string{"https://127.0.0.1", "https://[::1]", "https://localhost"}
	if got, err := set.AllowedOrigins(addr(t, "127.0.0.1:443"), config.Host{}); err != nil || !slices.Equal(got, want) {
		t.Errorf("origins: %v, %v", got, err)
	}
}

func TestAllowedOrigins(t *testing.T) {
	machine := config.Host{Name: "Box", Addrs: []netip.Addr{
		netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("192.168.1.5"), netip.MustParseAddr("fd00::5"),
		netip.MustParseAddr("fe80::1%eth0"),
	}}
	loopback := []string{"http://127.0.0.1:8000", "http://[::1]:8000", "http://localhost:8000"}
	for _, c := range []struct {
		listen, taken string
		set           config.Config
		want          []string
	}{
		{listen: "127.0.0.1:8000", taken: "127.0.0.1:8000", want: loopback},
		{listen: "localhost:0", taken: "127.0.0.1:8000", want: loopback},
		{listen: "[::1]:8000", taken: "[::1]:8000", want: loopback},
		{listen: "192.168.1.5:8000", taken: "192.168.1.5:8000", want: []string{"http://192.168.1.5:8000"}},
		{listen: "Chat.lan:80", taken: "10.0.0.1:80", want: []string{"http://chat.lan"}},
		{listen: ":8000", taken: "[::]:8000", want: append([]string{
			"http://192.168.1.5:8000", "http://[fd00::5]:8000", "http://[fe80::1]:8000", "http://box:8000",
		}, loopback...)},
		{
			listen: "127.0.0.1:8000", taken: "127.0.0.1:8000",
			set: config.Config{
				Address: config.Address{PublicURL: "https://Chat.Example:443/"},
				Origins: []string{"http://other.example:80", "https://chat.example"},
			},
			want: append([]string{"https://chat.example", "http://other.example"}, loopback...),
		},
	} {
		c.set.Listen = c.listen
		got, err := c.set.AllowedOrigins(addr(t, c.taken), machine)
		slices.Sort(c.want)
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, %v; want %v", c.listen, got, err, c.want)
		}
	}
}

func TestBaseURL(t *testing.T) {
	for _, c := range []struct{ listen, public, taken, want string }{
		{"127.0.0.1:0", "", "127.0.0.1:43121", "http://127.0.0.1:43121"},
		{":8000", "", "[::]:8000", "http://localhost:8000"},
		{"0.0.0.0:80", "", "0.0.0.0:80", "http://localhost"},
		{"[::1]:8000", "", "[::1]:8000", "http://[::1]:8000"},
		{":8000", "https://chat.example/", "[::]:8000", "https://chat.example"},
	} {
		a := config.Address{Listen: c.listen, PublicURL: c.public}
		if got := a.BaseURL(addr(t, c.taken)); got != c.want {
			t.Errorf("%+v: %s", c, got)
		}
	}
	a := config.Address{Listen: "127.0.0.1:8000"}
	if got := a.BaseURL(nil); got != "http://127.0.0.1:8000" {
		t.Errorf("before listening: %s", got)
	}
}

func addr(t *testing.T, text string) net.Addr {
	t.Helper()
	ap, err := netip.ParseAddrPort(text)
	if err != nil {
		t.Fatal(err)
	}
	return net.TCPAddrFromAddrPort(ap)
}

// TestDocumented holds the table in docs/operations.md to the struct. EARSHOT_UPDATE_DOCS=1 writes the table anew.
func TestDocumented(t *testing.T) {
	var grammar serve
	parser, err := kong.New(&grammar, kong.Name("earshot"))
	if err != nil {
		t.Fatal(err)
	}
	const begin, end = "<!-- settings: begin -->\n", "<!-- settings: end -->"
	name := filepath.Join("..", "docs", "operations.md")
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(text), begin)
	was, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatalf("%s has no table of settings", name)
	}
	want := table(parser.Model.Flags)
	if was == want {
		return
	}
	if os.Getenv("EARSHOT_UPDATE_DOCS") == "" {
		t.Fatalf("the table of settings in %s is not that of the struct: run EARSHOT_UPDATE_DOCS=1 go test ./config", name)
	}
	if err := os.WriteFile(name, []byte(before+begin+want+end+after), 0o600); err != nil {
		t.Fatal(err)
	}
}

// table is the settings as Markdown.
func table(flags []*kong.Flag) string {
	var out strings.Builder
	out.WriteString("| setting | environment | default | what it is |\n|---|---|---|---|\n")
	for _, flag := range flags {
		if flag.Name == "help" {
			continue
		}
		def := "`" + flag.Default + "`"
		if flag.Default == "" {
			def = ""
		}
		fmt.Fprintf(&out, "| `--%s` | `%s` | %s | %s |\n", flag.Name, config.EnvName(flag.Name), def, strings.ReplaceAll(flag.Help, "|", "\\|"))
	}
	return out.String()
}
