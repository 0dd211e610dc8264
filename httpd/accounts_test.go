package httpd

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/account"
	"github.com/earshot-chat/earshot/hub"
)

const goodPassword = "correct horse battery"

func login(name, password string) string {
	return fmt.Sprintf(`{"username":%q,"password":%q}`, name, password)
}

func TestSetUp(t *testing.T) {
	h := newHouse(t, nil)
	if got := read[serverReply](t, h.call(http.MethodGet, "/api/v1/server", "")); !got.SetupNeeded || got.Name != "Test" ||
		got.ResumeMs != h.hub.Config().ResumeWindow.Milliseconds() || got.GraceMs != h.hub.Config().Grace.Milliseconds() ||
		got.Version != "1.2.3" || got.SignUp != "invite" || got.CreateRooms != "everyone" || got.Limits.TextBytes != earshot.MaxText {
		t.Errorf("before: %+v", got)
	}
	body := func(code string) string {
		return fmt.Sprintf(`{"code":%q,"username":"ana","password":%q}`, code, goodPassword)
	}
	weak := fmt.Sprintf(`{"code":%q,"username":"ana","password":"1234"}`, h.accounts.SetupCode())
	if p := problemOf(t, h.call(http.MethodPost, "/api/v1/setup", weak)); p.Code != "invalid" || p.Field != "password" ||
		len(p.Reasons) != 3 || p.Detail != strings.Join(p.Reasons, " ") {
		t.Errorf("with a weak password: %+v", p)
	}
	if p := problemOf(t, h.call(http.MethodPost, "/api/v1/setup", body("wrong"))); p.Status != http.StatusForbidden && p.Status != http.StatusUnprocessableEntity {
		t.Errorf("with a wrong code: %+v", p)
	}
	w := h.call(http.MethodPost, "/api/v1/setup", body(h.accounts.SetupCode()))
	if me := read[meReply](t, w); w.Code != http.StatusCreated || me.Username != "ana" || !me.IsSuperuser || !me.IsStaff || !me.CanCreateRooms || me.ID == 0 {
		t.Errorf("%d %+v", w.Code, me)
	}
	if me := read[meReply](t, w); len(me.Permissions) != len(earshot.Permissions()) {
		t.Errorf("a superuser may %v", me.Permissions)
	}
	cookie := sessionCookie(w)
	if cookie == nil {
		t.Fatal("no cookie")
	}
	if w := h.call(http.MethodGet, "/api/v1/me", "", "Cookie", cookieName+"="+cookie.Value); w.Code != http.StatusOK {
		t.Errorf("the cookie does not log in: %d", w.Code)
	}
	if p := problemOf(t, h.call(http.MethodPost, "/api/v1/setup", body(h.accounts.SetupCode()))); p.Status != http.StatusConflict {
		t.Errorf("a second time: %+v", p)
	}
	if read[serverReply](t, h.call(http.MethodGet, "/api/v1/server", "")).SetupNeeded {
		t.Error("set-up is still said to be needed")
	}
}

func TestLogInAndOut(t *testing.T) {
	h := newHouse(t, nil)
	h.user("ana", password(goodPassword))
	for _, body := range []string{login("ana", "wrong password"), login("nobody", goodPassword), login("", ""), `{}`} {
		w := h.call(http.MethodPost, "/api/v1/login", body)
		if p := problemOf(t, w); p.Status != http.StatusUnauthorized && p.Status != http.StatusUnprocessableEntity || sessionCookie(w) != nil {
			t.Errorf("%s: %+v", body, p)
		}
	}
	w := h.call(http.MethodPost, "/api/v1/login", login("Ana", goodPassword))
	if me := read[meReply](t, w); w.Code != http.StatusOK || me.Username != "ana" || me.IsStaff {
		t.Fatalf("%d %+v", w.Code, me)
	}
	c := sessionCookie(w)
	if c == nil || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Secure || c.MaxAge < 3600 || c.Domain != "" {
		t.Fatalf("the cookie is %v", c)
	}
	header := cookieName + "=" + c.Value
	if w := h.call(http.MethodGet, "/api/v1/me", "", "Cookie", header); w.Code != http.StatusOK {
		t.Errorf("me: %d", w.Code)
	}
	// A token that is no good does not fall back to the cookie.
	if w := h.call(http.MethodGet, "/api/v1/me", "", "Cookie", header, "Authorization", "Bearer x"); w.Code != http.StatusUnauthorized {
		t.Errorf("with a bad token beside the cookie: %d", w.Code)
	}
	// What a proxy in front asks for is no concern of ours.
	if w := h.call(http.MethodGet, "/api/v1/me", "", "Cookie", header, "Authorization", "Basic YTpi"); w.Code != http.StatusOK {
		t.Errorf("with a proxy's password beside the cookie: %d", w.Code)
	}
	asked := func(headers ...string) *meReply {
		w := h.call(http.MethodGet, "/api/v1/server", "", headers...)
		if w.Code != http.StatusOK {
			t.Fatalf("the server, asked with %v: %d", headers, w.Code)
		}
		return read[serverReply](t, w).Me
	}
	if me := asked("Cookie", header); me == nil || me.Username != "ana" {
		t.Errorf("the server says that one is %+v", me)
	}
	for _, headers := range [][]string{nil, {"Cookie", cookieName + "=x"}, {"Authorization", "Bearer x"}, {"Cookie", header, "Authorization", "Bearer x"}} {
		if me := asked(headers...); me != nil {
			t.Errorf("with %v the server says that one is %+v", headers, me)
		}
	}
	w = h.call(http.MethodPost, "/api/v1/logout", "", "Cookie", header)
	if dropped := sessionCookie(w); w.Code != http.StatusNoContent || dropped == nil || dropped.MaxAge >= 0 || dropped.Value != "" {
		t.Errorf("log-out: %d, cookie %v", w.Code, dropped)
	}
	if w := h.call(http.MethodGet, "/api/v1/me", "", "Cookie", header); w.Code != http.StatusUnauthorized {
		t.Errorf("after log-out: %d", w.Code)
	}
	if me := asked("Cookie", header); me != nil {
		t.Errorf("after log-out the server says that one is %+v", me)
	}
}

func TestLogOutOfToken(t *testing.T) {
	h := newHouse(t, nil)
	bot := h.user("bot", nil)
	bot.wants(http.StatusOK, http.MethodGet, "/api/v1/me", "")
	if w := bot.wants(http.StatusNoContent, http.MethodPost, "/api/v1/logout", ""); sessionCookie(w) != nil {
		t.Error("a token's log-out sets a cookie")
	}
	bot.refused(earshot.CodeUnauthenticated, http.MethodGet, "/api/v1/me", "")
}

func TestCookieOverTLS(t *testing.T) {
	h := newHouse(t, func(o *Options, _ *account.Config, _ *hub.Config) { o.Secure = true })
	h.user("ana", password(goodPassword))
	c := sessionCookie(h.call(http.MethodPost, "/api/v1/login", login("ana", goodPassword)))
	if c == nil || !c.Secure || c.Name != "__Host-earshot_session" || c.Domain != "" || c.Path != "/" {
		t.Fatalf("the cookie is %v", c)
	}
	// A server on another name of the domain, and whoever is between a browser and any of them without TLS, can plant a cookie of
	// the other name, and none of this one (RFC 6265bis, section 4.1.3.2).
	for cookies, status := range map[string]int{
		"__Host-earshot_session=" + c.Value:                          http.StatusOK,
		"earshot_session=planted; __Host-earshot_session=" + c.Value: http.StatusOK,
		"earshot_session=" + c.Value:                                 http.StatusUnauthorized,
	} {
		if w := h.call(http.MethodGet, "/api/v1/me", "", "Cookie", cookies); w.Code != status {
			t.Errorf("%.30s…: %d", cookies, w.Code)
		}
	}
	w := h.call(http.MethodPost, "/api/v1/logout", "", "Cookie", "__Host-earshot_session="+c.Value)
	if gone := sessionCookie(w); gone == nil || gone.Name != c.Name || gone.MaxAge >= 0 || !gone.Secure {
		t.Errorf("at the log-out: %v", gone)
	}
}

func TestSignUpByInvitation(t *testing.T) {
	h := newHouse(t, nil)
	boss, ana := h.user("boss", staff), h.user("ana", nil)
	signUp := func(name, invitation string) *httptest.ResponseRecorder {
		return h.call(http.MethodPost, "/api/v1/signup", fmt.Sprintf(`{"username":%q,"password":%q,"invitation":%q}`, name, goodPassword, invitation))
	}
	if p := problemOf(t, signUp("eve", "")); p.Status != http.StatusForbidden && p.Status != http.StatusUnprocessableEntity {
		t.Errorf("without an invitation: %+v", p)
	}
	ana.refused(earshot.CodeForbidden, http.MethodPost, "/api/v1/invitations", `{}`)
	for _, body := range []string{`{"uses":0}`, `{"uses":1001}`, `{"uses":-1}`, `{"days":0}`, `{"days":31}`} {
		if p := boss.refused(earshot.CodeInvalid, http.MethodPost, "/api/v1/invitations", body); p.Field == "" {
			t.Errorf("%s: no field", body)
		}
	}
	w := boss.wants(http.StatusCreated, http.MethodPost, "/api/v1/invitations", `{"uses":2,"days":30}`)
	invitation := read[inviteReply](t, w)
	secret, ok := strings.CutPrefix(invitation.URL, ownOrigin+"/signup?invitation=")
	if days := time.Until(invitation.ExpiresAt).Hours() / 24; !ok || days < 29 || days > 31 {
		t.Fatalf("%+v", invitation)
	}
	w = signUp("bob", secret)
	if me := read[meReply](t, w); w.Code != http.StatusCreated || me.Username != "bob" || me.IsStaff || me.IsSuperuser || sessionCookie(w) == nil {
		t.Errorf("%d %+v", w.Code, me)
	}
	if p := problemOf(t, signUp("BOB", secret)); p.Status != http.StatusConflict || p.Field != "username" {
		t.Errorf("a name that is taken: %+v", p)
	}
	if w := signUp("carl", secret); w.Code != http.StatusCreated {
		t.Errorf("the second: %d %s", w.Code, w.Body)
	}
	if p := problemOf(t, signUp("dora", secret)); p.Status != http.StatusForbidden {
		t.Errorf("one too many: %+v", p)
	}
}

func TestSignUpPolicies(t *testing.T) {
	body := fmt.Sprintf(`{"username":"eve","password":%q}`, goodPassword)
	for policy, want := range map[account.SignUpPolicy]int{account.SignUpOpen: http.StatusCreated, account.SignUpClosed: http.StatusForbidden} {
		h := newHouse(t, func(_ *Options, c *account.Config, _ *hub.Config) { c.SignUp = policy })
		h.user("boss", staff)
		if w := h.call(http.MethodPost, "/api/v1/signup", body); w.Code != want {
			t.Errorf("%s: %d %s", policy, w.Code, w.Body)
		}
		if got := read[serverReply](t, h.call(http.MethodGet, "/api/v1/server", "")); got.SignUp != string(policy) {
			t.Errorf("%s: told as %s", policy, got.SignUp)
		}
	}
}

// TestManyLogIns tries to log in 10,000 times, 50 at once from a few hosts, and sees that each try is answered, that
// memory does not grow with the tries, and that others are served meanwhile.
func TestManyLogIns(t *testing.T) {
	const tries, atOnce, hosts = 10_000, 50, 4
	h := newHouse(t, func(_ *Options, c *account.Config, _ *hub.Config) {
		c.QueuedLogins = 8
		// Fewer than are allowed by default: as many passwords are hashed at least, and on a machine that hashes no quicker than
		// the budgets fill up again, nearly all would be.
		c.AddressFailuresPerMinute, c.FailuresPerMinute = 8, 4
	})
	ana := h.user("ana", password(goodPassword))
	before := heap()
	var mu sync.Mutex
	statuses := make(map[int]int)
	var attackers sync.WaitGroup
	begin := time.Now()
	for attacker := range atOnce {
		attackers.Go(func() {
			for i := range tries / atOnce {
				r := httptest.NewRequestWithContext(context.Background(), http.MethodPost, "/api/v1/login",
					strings.NewReader(login(fmt.Sprintf("user%d", i%7), "guess")))
				r.RemoteAddr = fmt.Sprintf("192.0.2.%d:%d", attacker%hosts, 1024+i)
				r.Header.Set("Content-Type", "application/json")
				w := httptest.NewRecorder()
				h.ServeHTTP(w, r)
				mu.Lock()
				statuses[w.Code]++
				mu.Unlock()
			}
		})
	}
	done := make(chan struct{})
	go func() { attackers.Wait(); close(done) }()
	served := 0
	var slowest time.Duration
	others := time.NewTicker(time.Second / callsPerSecond) // as often as a user may call
	defer others.Stop()
	for going := true; going; {
		start := time.Now()
		ana.wants(http.StatusOK, http.MethodGet, "/api/v1/me", "")
		slowest = max(slowest, time.Since(start))
		served++
		select {
		case <-done:
			going = false
		case <-others.C:
		}
	}
	grown := int64(heap()) - int64(before)
	t.Logf("%d tries in %v: %v; %d other requests, the slowest in %v; heap grew by %d KiB",
		tries, time.Since(begin), statuses, served, slowest, grown>>10)
	for status := range statuses {
		if status != http.StatusUnauthorized && status != http.StatusTooManyRequests && status != http.StatusServiceUnavailable {
			t.Errorf("%d tries were answered with %d", statuses[status], status)
		}
	}
	if statuses[http.StatusTooManyRequests] == 0 || statuses[http.StatusUnauthorized] > tries/10 {
		t.Error("most tries were not refused")
	}
	if slowest > patience { // on a machine with much else to do 12 s were seen
		t.Errorf("others were served %d times, the slowest in %v", served, slowest)
	}
	if grown > 64<<20 {
		t.Errorf("the heap grew by %d MiB", grown>>20)
	}
}

func heap() uint64 {
	runtime.GC()
	runtime.GC() // what a sync.Pool has lives for one more
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// TestLogInEndsTheSessionBefore sees that a browser that logs in anew leaves no session behind that nobody can end.
func TestLogInEndsTheSessionBefore(t *testing.T) {
	h := newHouse(t, nil)
	const pass = "correct horse"
	h.user("ana", password(pass))
	h.user("bob", password(pass))
	logIn := func(name string, headers ...string) *http.Cookie {
		t.Helper()
		w := h.call(http.MethodPost, "/api/v1/login", fmt.Sprintf(`{"username":%q,"password":%q}`, name, pass), headers...)
		return sessionCookie(w)
	}
	alive := func(c *http.Cookie) bool {
		return h.call(http.MethodGet, "/api/v1/me", "", "Cookie", cookieName+"="+c.Value).Code == http.StatusOK
	}
	first, elsewhere := logIn("ana"), logIn("ana")
	w := h.call(http.MethodPost, "/api/v1/login", `{"username":"bob","password":"wrong"}`, "Cookie", cookieName+"="+first.Value)
	if w.Code != http.StatusUnauthorized || !alive(first) {
		t.Errorf("a log-in that failed ended the session: %d", w.Code)
	}
	second := logIn("bob", "Cookie", cookieName+"="+first.Value)
	if alive(first) || !alive(second) || !alive(elsewhere) {
		t.Errorf("alive: the old one %t, the new one %t, another browser's %t", alive(first), alive(second), alive(elsewhere))
	}
}
