package account

import (
	"fmt"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pquerna/otp/totp"

	"github.com/earshot-chat/earshot"
)

// authenticator is what a person's telephone knows.
type authenticator struct {
	secret   string
	recovery []string
}

// code is what it shows now.
func (a *authenticator) code(t *testing.T) string {
	t.Helper()
	code, err := totp.GenerateCode(a.secret, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// wrong is a code that it shows neither now nor soon.
func (a *authenticator) wrong(t *testing.T) string {
	t.Helper()
	right := map[string]bool{}
	for step := -3; step <= 3; step++ {
		code, err := totp.GenerateCode(a.secret, time.Now().Add(time.Duration(step)*totpPeriod))
		if err != nil {
			t.Fatal(err)
		}
		right[code] = true
	}
	for i := 0; ; i++ {
		if code := fmt.Sprintf("%06d", i); !right[code] {
			return code
		}
	}
}

// enrol gives the user an authenticator, in a log-in that stays.
func (h *house) enrol(t *testing.T, name, from string) (*authenticator, Login) {
	t.Helper()
	ctx := WithClient(t.Context(), Client{Address: addr(from)})
	_, login, err := h.LogIn(ctx, name, goodPassword, addr(from))
	refused(t, "log in", err, "")
	key, err := h.BeginTOTP(t.Context(), login, Proof{Password: goodPassword}, addr("192.0.2.1"))
	refused(t, "begin", err, "")
	a := &authenticator{secret: key.Secret}
	a.recovery, err = h.ConfirmTOTP(t.Context(), login, a.code(t), addr(from))
	refused(t, "confirm", err, "")
	return a, login
}

// ticket gives the ticket of a log-in's first step.
func (h *house) ticket(t *testing.T, name string) string {
	t.Helper()
	secret, login, err := h.LogIn(t.Context(), name, goodPassword, addr("192.0.2.1"))
	needed, ok := AsSecondFactor(err)
	if !ok || secret != "" || login != (Login{}) {
		t.Fatalf("the first step: %v, %+v", err, login)
	}
	refused(t, "the first step", err, earshot.CodeSecondFactor)
	return needed.Ticket
}

func TestSecondFactor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, Config{Issuer: "Rä: Chat"}).quick()
		h.add(t, "ana@x")
		_, login, err := h.LogIn(t.Context(), "ana@x", goodPassword, addr("192.0.2.1"))
		refused(t, "log in", err, "")
		key, err := h.BeginTOTP(t.Context(), login, Proof{Password: goodPassword}, addr("192.0.2.1"))
		refused(t, "begin", err, "")
		uri, err := url.Parse(key.URI)
		if err != nil || uri.Scheme != "otpauth" || uri.Host != "totp" || uri.Path != "/Rä  Chat:ana@x" || uri.Query().Get("issuer") != "Rä: Chat" ||
			uri.Query().Get("secret") != key.Secret || strings.Contains(key.URI, "+") {
			t.Errorf("%s: %v", key.URI, err)
		}
		h.logIn(t, "ana@x") // what is not confirmed is not asked for
		a := &authenticator{secret: key.Secret}
		for _, code := range []string{"", "abc", a.wrong(t), a.code(t)[1:], strings.Repeat("1", 1<<16)} {
			_, err := h.ConfirmTOTP(t.Context(), login, code, addr("192.0.2.1"))
			refused(t, "confirm "+code[:min(6, len(code))], err, earshot.CodeInvalid, "code")
		}
		right := a.code(t)
		a.recovery, err = h.ConfirmTOTP(t.Context(), login, " "+right[:3]+" "+right[3:], addr("192.0.2.1"))
		refused(t, "confirm", err, "")
		if len(a.recovery) != 10 || len(a.recovery[0]) != 19 || a.recovery[0] == a.recovery[1] {
			t.Errorf("recovery codes: %d", len(a.recovery))
		}
		_, err = h.ConfirmTOTP(t.Context(), login, right, addr("192.0.2.1"))
		refused(t, "confirm again", err, earshot.CodeConflict)
		_, err = h.BeginTOTP(t.Context(), login, Proof{Password: goodPassword}, addr("192.0.2.1"))
		refused(t, "begin again", err, earshot.CodeConflict)
		// Until the next step the code of the confirmation is used up.
		ticket := h.ticket(t, "ana@x")
		_, _, err = h.SecondStep(t.Context(), ticket, right, addr("192.0.2.1"))
		refused(t, "the code of the confirmation", err, earshot.CodeUnauthenticated, "code")
		time.Sleep(totpPeriod)
		code := a.code(t)
		secret, by, err := h.SecondStep(t.Context(), ticket, code, addr("192.0.2.1"))
		refused(t, "the second step", err, "")
		if got, err := h.BySession(t.Context(), secret); err != nil || got.User.ID != login.User.ID || by.Credential != got.Credential {
			t.Errorf("%+v: %v", got, err)
		}
		_, _, err = h.SecondStep(t.Context(), ticket, a.recovery[0], addr("192.0.2.1"))
		refused(t, "the ticket again", err, earshot.CodeUnauthenticated, "ticket")
		_, _, err = h.SecondStep(t.Context(), h.ticket(t, "ana@x"), code, addr("192.0.2.1"))
		refused(t, "the code again", err, earshot.CodeUnauthenticated, "code")
		// A recovery code is good once, however it is typed.
		typed := " " + strings.ToLower(strings.ReplaceAll(a.recovery[0], "-", " "))
		_, _, err = h.SecondStep(t.Context(), h.ticket(t, "ana@x"), typed, addr("192.0.2.1"))
		refused(t, "a recovery code", err, "")
		_, _, err = h.SecondStep(t.Context(), h.ticket(t, "ana@x"), a.recovery[0], addr("192.0.2.1"))
		refused(t, "a recovery code again", err, earshot.CodeUnauthenticated, "code")
		have, err := h.Security(t.Context(), login.User.ID)
		if err != nil || have != (Security{HasPassword: true, TOTP: true, SecondFactor: true, RecoveryCodes: 9}) {
			t.Errorf("%+v: %v", have, err)
		}
	})
}

// TestTicket tries the ticket of the first step where it is worth nothing.
func TestTicket(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, DefaultConfig()).quick()
		ana := h.add(t, "ana")
		h.add(t, "eve")
		phone, _ := h.enrol(t, "ana", "192.0.2.1")
		other, _ := h.enrol(t, "eve", "192.0.2.1")
		time.Sleep(totpPeriod)
		ticket := h.ticket(t, "ana")
		second := func(ticket, code string) error {
			_, _, err := h.SecondStep(t.Context(), ticket, code, addr("192.0.2.1"))
			return err
		}
		refused(t, "somebody else's code", second(ticket, other.code(t)), earshot.CodeUnauthenticated, "code")
		refused(t, "somebody else's recovery code", second(ticket, other.recovery[0]), earshot.CodeUnauthenticated, "code")
		for _, bad := range []string{"", "x", "ek_", ticket + "x", ticket[:len(ticket)-1], strings.Repeat("x", 1<<16)} {
			refused(t, "no ticket", second(bad, phone.code(t)), earshot.CodeUnauthenticated, "ticket")
		}
		for _, find := range []func() error{
			func() error { _, err := h.BySession(t.Context(), ticket); return err },
			func() error { _, err := h.ByToken(t.Context(), ticket); return err },
		} {
			refused(t, "a ticket as a log-in", find(), earshot.CodeUnauthenticated)
		}
		aged := h.ticket(t, "ana")
		time.Sleep(loginTicketAge)
		refused(t, "an aged ticket", second(aged, phone.code(t)), earshot.CodeUnauthenticated, "ticket")

		before := h.ticket(t, "ana")
		another := "another good one"
		_, err := h.ChangeUser(t.Context(), "ana", UserEdit{Password: &another})
		refused(t, "change the password", err, "")
		refused(t, "a ticket of the password before", second(before, phone.code(t)), earshot.CodeUnauthenticated, "ticket")
		back := goodPassword
		_, err = h.ChangeUser(t.Context(), "ana", UserEdit{Password: &back})
		refused(t, "change it back", err, "")
		gone := h.ticket(t, "ana")
		h.deactivate(t, ana)
		refused(t, "of a user who is not active", second(gone, phone.code(t)), earshot.CodeUnauthenticated, "ticket")

		tried := h.ticket(t, "eve")
		for range loginTicketTries {
			refused(t, "a wrong code", second(tried, other.wrong(t)), earshot.CodeUnauthenticated, "code")
		}
		refused(t, "the right code, too late", second(tried, other.code(t)), earshot.CodeUnauthenticated, "ticket")
	})
}

// TestSecondStepAtOnce sends one code many times at once: it lets one in.
func TestSecondStepAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, DefaultConfig()).quick()
		h.add(t, "ana")
		phone, _ := h.enrol(t, "ana", "192.0.2.1")
		tickets := []string{h.ticket(t, "ana"), h.ticket(t, "ana")}
		var in atomic.Int64
		var group sync.WaitGroup
		for i := range 8 {
			group.Go(func() {
				if _, _, err := h.SecondStep(t.Context(), tickets[i%2], phone.recovery[0], addr("192.0.2.1")); err == nil {
					in.Add(1)
				}
			})
		}
		group.Wait()
		if in.Load() != 1 {
			t.Errorf("%d got in with one code", in.Load())
		}
	})
}

// TestBruteForceOfCodes has somebody with the password and many addresses try codes, while the owner logs in.
func TestBruteForceOfCodes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, DefaultConfig()).quick()
		h.add(t, "ana")
		phone, _ := h.enrol(t, "ana", "192.0.2.1")
		time.Sleep(totpPeriod)
		answers := map[earshot.Code]int{}
		for i := range 300 {
			from := addr(fmt.Sprintf("203.0.%d.%d", i/250, i%250))
			_, _, err := h.LogIn(t.Context(), "ana", goodPassword, from)
			needed, ok := AsSecondFactor(err)
			if !ok {
				t.Fatal(err)
			}
			_, _, err = h.SecondStep(t.Context(), needed.Ticket, phone.wrong(t), from)
			answers[earshot.CodeOf(err)]++
		}
		if answers[earshot.CodeUnauthenticated] != guessesPerHour || answers[earshot.CodeRateLimited] != 300-guessesPerHour {
			t.Errorf("answers: %v", answers)
		}
		_, _, err := h.SecondStep(t.Context(), h.ticket(t, "ana"), phone.code(t), addr("198.51.100.1"))
		refused(t, "the right code from elsewhere", err, earshot.CodeRateLimited)
		_, _, err = h.SecondStep(t.Context(), h.ticket(t, "ana"), phone.code(t), addr("192.0.2.1"))
		refused(t, "the owner, from where they are logged in", err, "")
		_, _, err = h.SecondStep(t.Context(), h.ticket(t, "ana"), phone.recovery[0], addr("198.51.100.1"))
		refused(t, "the owner, with a recovery code", err, "")

		// From one address, and a known one at that, there is a bound, too.
		wrong := 0
		for range 60 {
			_, _, err := h.SecondStep(t.Context(), h.ticket(t, "ana"), phone.wrong(t), addr("192.0.2.1"))
			if earshot.CodeOf(err) == earshot.CodeUnauthenticated {
				wrong++
			}
		}
		if wrong != codesPerHour {
			t.Errorf("%d wrong codes from a known address", wrong)
		}
	})
}

// TestCodesAtOnce has somebody with the password send codes from many addresses, all at once.
func TestCodesAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, DefaultConfig()).quick()
		h.add(t, "ana")
		phone, _ := h.enrol(t, "ana", "192.0.2.1")
		tickets := make([]string, 5*guessesPerHour)
		for i := range tickets {
			_, _, err := h.LogIn(t.Context(), "ana", goodPassword, addr(fmt.Sprint("203.0.113.", i)))
			needed, ok := AsSecondFactor(err)
			if !ok {
				t.Fatal(err)
			}
			tickets[i] = needed.Ticket
		}
		var wrong atomic.Int64
		var group sync.WaitGroup
		start, code := make(chan struct{}), phone.wrong(t)
		for i, ticket := range tickets {
			group.Go(func() {
				<-start
				_, _, err := h.SecondStep(t.Context(), ticket, code, addr(fmt.Sprint("203.0.113.", i)))
				if earshot.CodeOf(err) == earshot.CodeUnauthenticated {
					wrong.Add(1)
				}
			})
		}
		close(start)
		group.Wait()
		if n := wrong.Load(); n > guessesPerHour {
			t.Errorf("%d codes were looked at", n)
		}
	})
}

// TestBruteForceOfProofs has somebody with the browser session, and many addresses, guess the code of who has no password.
func TestBruteForceOfProofs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, DefaultConfig()).quick()
		h.add(t, "ana")
		phone, login := h.enrol(t, "ana", "192.0.2.1")
		_, err := h.ChangeUser(t.Context(), "ana", UserEdit{NoPassword: true})
		refused(t, "no password", err, "")
		time.Sleep(totpPeriod)
		answers := map[earshot.Code]int{}
		prove := func(code, from string) error {
			_, err := h.RenewRecoveryCodes(t.Context(), login, Proof{Code: code}, addr(from))
			return err
		}
		for i := range 200 {
			answers[earshot.CodeOf(prove(phone.wrong(t), fmt.Sprint("203.0.113.", i)))]++
		}
		if answers[earshot.CodeInvalid] != guessesPerHour || answers[earshot.CodeRateLimited] != 200-guessesPerHour {
			t.Errorf("answers: %v", answers)
		}
		refused(t, "the right code meanwhile", prove(phone.code(t), "192.0.2.1"), earshot.CodeRateLimited)
		time.Sleep(time.Hour)
		refused(t, "and later", prove(phone.code(t), "192.0.2.1"), "")
	})
}

func TestRemoveTOTP(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, DefaultConfig()).quick()
		h.add(t, "ana")
		phone, login := h.enrol(t, "ana", "192.0.2.1")
		for _, bad := range []string{"", "wrong", strings.Repeat("x", maxPassword+1)} {
			err := h.RemoveTOTP(t.Context(), login, Proof{Password: bad, Code: phone.recovery[0]}, addr("192.0.2.1"))
			refused(t, "remove", err, earshot.CodeInvalid, "password")
			_, err = h.RenewRecoveryCodes(t.Context(), login, Proof{Password: bad}, addr("192.0.2.1"))
			refused(t, "renew", err, earshot.CodeInvalid, "password")
		}
		byToken := login
		byToken.ByToken = true
		refused(t, "by a token", h.RemoveTOTP(t.Context(), byToken, Proof{Password: goodPassword}, addr("192.0.2.1")), earshot.CodeForbidden, "scope")
		fresh, err := h.RenewRecoveryCodes(t.Context(), login, Proof{Password: goodPassword}, addr("192.0.2.1"))
		refused(t, "renew", err, "")
		_, _, err = h.SecondStep(t.Context(), h.ticket(t, "ana"), phone.recovery[0], addr("192.0.2.1"))
		refused(t, "a code that was replaced", err, earshot.CodeUnauthenticated, "code")
		_, _, err = h.SecondStep(t.Context(), h.ticket(t, "ana"), fresh[0], addr("192.0.2.1"))
		refused(t, "a new code", err, "")
		refused(t, "remove", h.RemoveTOTP(t.Context(), login, Proof{Password: goodPassword}, addr("192.0.2.1")), "")
		h.logIn(t, "ana")
		have, err := h.Security(t.Context(), login.User.ID)
		if err != nil || have != (Security{HasPassword: true}) {
			t.Errorf("%+v: %v", have, err)
		}
		_, err = h.RenewRecoveryCodes(t.Context(), login, Proof{Password: goodPassword}, addr("192.0.2.1"))
		refused(t, "renew without a factor", err, earshot.CodeConflict)

		// Of a user who has no password a code is asked.
		phone, login = h.enrol(t, "ana", "192.0.2.1")
		_, err = h.ChangeUser(t.Context(), "ana", UserEdit{NoPassword: true})
		refused(t, "no password", err, "")
		time.Sleep(totpPeriod)
		refused(t, "a wrong code", h.RemoveTOTP(t.Context(), login, Proof{Code: phone.wrong(t)}, addr("192.0.2.1")), earshot.CodeInvalid, "code")
		refused(t, "remove by a code", h.RemoveTOTP(t.Context(), login, Proof{Code: phone.code(t)}, addr("192.0.2.1")), "")
	})
}

func TestResetSecondFactors(t *testing.T) {
	t.Parallel()
	h := newHouse(t, DefaultConfig()).quick()
	h.add(t, "ana")
	h.enrol(t, "ana", "192.0.2.1")
	refused(t, "of nobody", h.ResetSecondFactors(t.Context(), "nobody"), earshot.CodeNotFound)
	refused(t, "reset", h.ResetSecondFactors(t.Context(), "ANA"), "")
	h.logIn(t, "ana")
}

// TestConfirmAtOnce confirms one authenticator many times at once: the recovery codes that one of them is told are good.
func TestConfirmAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, DefaultConfig()).quick()
		h.add(t, "ana")
		_, login, err := h.LogIn(t.Context(), "ana", goodPassword, addr("192.0.2.1"))
		refused(t, "log in", err, "")
		key, err := h.BeginTOTP(t.Context(), login, Proof{Password: goodPassword}, addr("192.0.2.1"))
		refused(t, "begin", err, "")
		phone := authenticator{secret: key.Secret}
		code := phone.code(t)
		told := make(chan []string, 8)
		var group sync.WaitGroup
		for range cap(told) {
			group.Go(func() {
				codes, err := h.ConfirmTOTP(t.Context(), login, code, addr("192.0.2.1"))
				if err == nil {
					told <- codes
					return
				}
				refused(t, "a second time", err, earshot.CodeConflict)
				if codes != nil {
					t.Error("codes are told that are none")
				}
			})
		}
		group.Wait()
		if len(told) != 1 {
			t.Fatalf("%d were told codes", len(told))
		}
		_, _, err = h.SecondStep(t.Context(), h.ticket(t, "ana"), (<-told)[0], addr("192.0.2.1"))
		refused(t, "a code that was told", err, "")
	})
}
