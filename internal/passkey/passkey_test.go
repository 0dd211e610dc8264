package passkey

import (
	"errors"
	"testing"

	"go.uber.org/goleak"

	"github.com/earshot-chat/earshot/account"
	"github.com/earshot-chat/earshot/internal/leaktest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(leaktest.Patiently(m)) }

// TestWhereThereArePasskeys tries the addresses by which a server may be reached. The ceremonies themselves are tried with a
// virtual authenticator through REST (httpd) and in a browser (e2e).
func TestWhereThereArePasskeys(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		base    string
		origins []string
		domain  string
	}{
		{"https://chat.example.org", nil, "chat.example.org"},
		{"https://chat.example.org:8443", []string{"https://10.0.0.1:8443"}, "chat.example.org"},
		{"http://127.0.0.1:8000", []string{"http://127.0.0.1:8000", "http://localhost:8000"}, "localhost"},
		{"http://[::1]:8000", []string{"http://localhost:8000"}, "localhost"},
		{"http://localhost:8000", nil, "localhost"},
		{"http://127.0.0.1:8000", nil, ""},
		{"https://192.0.2.1", []string{"https://chat.example.org"}, ""},
	} {
		got, err := New(c.base, "Chat", c.origins)
		if err != nil {
			t.Fatalf("%+v: %v", c, err)
		}
		if domain := domainOf(got); domain != c.domain {
			t.Errorf("%+v: %q", c, domain)
		}
	}
	if _, err := New("://", "", nil); err == nil {
		t.Error("no address at all was taken")
	}
}

func domainOf(c *Ceremonies) string {
	if c == nil {
		return ""
	}
	return c.Domain()
}

// TestBadInput gives what is no answer of a browser.
func TestBadInput(t *testing.T) {
	t.Parallel()
	c, err := New("https://chat.example.org", "Chat", nil)
	if err != nil {
		t.Fatal(err)
	}
	user := account.PasskeyUser{Handle: []byte("12345678"), Name: "ana"}
	_, creation, err := c.BeginRegistration(user)
	if err != nil {
		t.Fatal(err)
	}
	_, assertion, err := c.BeginLogin(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"", "{}", "[]", "null", `{"id":1}`, `{"id":"x","rawId":"x","type":"public-key","response":{}}`, "\xff"} {
		if _, err := c.FinishRegistration(user, creation, []byte(bad)); !errors.Is(err, account.ErrPasskeyRefused) {
			t.Errorf("registration of %q: %v", bad, err)
		}
		_, err := c.FinishLogin(assertion, []byte(bad), func([]byte) (account.PasskeyUser, error) { return user, nil })
		if !errors.Is(err, account.ErrPasskeyRefused) {
			t.Errorf("log-in with %q: %v", bad, err)
		}
	}
}
