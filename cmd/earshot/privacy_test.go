package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"

	"github.com/earshot-chat/earshot/hub"
)

// figures is what a server with no setting changed says and does about how long it keeps what.
type figures struct {
	resume, grace, logIn, invitation time.Duration
}

// observe asks a running server.
func observe(t *testing.T) figures {
	t.Helper()
	data := t.TempDir()
	wants(t, data, aPassword+"\n", "user", "create", "--admin", "--password-stdin", "ana")
	token := strings.TrimSpace(wants(t, data, "", "token", "create", "ana"))
	r := serve(t, data)
	ms := func(n int64) time.Duration { return time.Duration(n) * time.Millisecond }
	var told struct {
		ResumeMs int64 `json:"resume_ms"`
		GraceMs  int64 `json:"grace_ms"`
	}
	_, text, _ := request(t, http.MethodGet, r.url+"/api/v1/server", "")
	if err := json.Unmarshal([]byte(text), &told); err != nil {
		t.Fatal(err)
	}
	f := figures{resume: ms(told.ResumeMs), grace: ms(told.GraceMs)}
	conn, hello, err := begin(t, r.url, token)
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.CloseNow()
	if ms(hello.ResumeMs) != f.resume {
		t.Errorf("hello tells of %v, the API of %v", ms(hello.ResumeMs), f.resume)
	}
	_, text, header := request(t, http.MethodPost, r.url+"/api/v1/login", fmt.Sprintf(`{"username":"ana","password":%q}`, aPassword))
	age := regexp.MustCompile(`Max-Age=(\d+)`).FindStringSubmatch(header.Get("Set-Cookie"))
	if age == nil {
		t.Fatalf("no cookie: %s", text)
	}
	seconds, err := strconv.Atoi(age[1])
	if err != nil {
		t.Fatal(err)
	}
	f.logIn = (time.Duration(seconds) * time.Second).Round(time.Hour)
	f.invitation = time.Until(invitation(t, r.url, token)).Round(time.Hour)
	return f
}

// invitation makes one as the page does, and tells when it ends.
func invitation(t *testing.T, url, token string) time.Time {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/api/v1/invitations", strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+token)
	answer, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var made struct {
		ExpiresAt time.Time `json:"expires_at"`
	}
	if err := json.NewDecoder(answer.Body).Decode(&made); err != nil || made.ExpiresAt.IsZero() {
		t.Fatalf("%s: %v", answer.Status, err)
	}
	return made.ExpiresAt
}

// defaults gives the default of each setting of earshot serve.
func defaults(t *testing.T) map[string]string {
	t.Helper()
	parser, err := kong.New(&serveCmd{}, kong.Name("earshot"))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, flag := range parser.Model.Flags {
		all[flag.Name] = flag.Default
	}
	return all
}

// days writes a time as whole days.
func days(d time.Duration) string { return strconv.Itoa(int(d.Hours()/24)) + " days" }

// TestPrivacyFigures holds the figures of docs/privacy.md, and those of the page that do not come from the server, to what
// a server does. EARSHOT_UPDATE_DOCS=1 writes the table anew.
func TestPrivacyFigures(t *testing.T) {
	f, set := observe(t), defaults(t)
	var table strings.Builder
	table.WriteString("| what | how much | setting |\n|---|---|---|\n")
	for _, row := range [][3]string{
		{"how long what is said is in memory, and a session outlives its connection", f.resume.String(), "resume-window"},
		{"how long nobody is told of a lost connection", f.grace.String(), "resume-grace"},
		{"bytes of what is said in one room", set["resume-room-bytes"], "resume-room-bytes"},
		{"bytes of what is said in all rooms", set["resume-bytes"], "resume-bytes"},
		{"bytes that wait for one connection", set["write-buffer"], "write-buffer"},
		{"a log-in ends after it was last used", days(f.logIn), ""},
		{"an invitation ends, unless it says otherwise", days(f.invitation), ""},
	} {
		setting := ""
		if row[2] != "" {
			setting = "`--" + row[2] + "`"
		}
		fmt.Fprintf(&table, "| %s | %s | %s |\n", row[0], row[1], setting)
	}
	if def := hub.DefaultConfig(); f.resume != def.ResumeWindow || f.grace != def.Grace {
		t.Errorf("the server has %v and %v, the hub %v and %v", f.resume, f.grace, def.ResumeWindow, def.Grace)
	}
	page, err := os.ReadFile(filepath.Join("..", "..", "web", "src", "lib", "i18n", "en", "kept.ts"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(page), "for "+days(f.logIn)+" after it was last used") {
		t.Errorf("the page tells another time for log-ins than %s", days(f.logIn))
	}
	const begin, end = "<!-- figures: begin -->\n", "<!-- figures: end -->"
	name := filepath.Join("..", "..", "docs", "privacy.md")
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(text), begin)
	was, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatalf("%s has no table of figures", name)
	}
	if was == table.String() {
		return
	}
	if os.Getenv("EARSHOT_UPDATE_DOCS") == "" {
		t.Fatalf("the figures in %s are not those of a server: run EARSHOT_UPDATE_DOCS=1 go test ./cmd/earshot", name)
	}
	if err := os.WriteFile(name, []byte(before+begin+table.String()+end+after), 0o600); err != nil {
		t.Fatal(err)
	}
}
