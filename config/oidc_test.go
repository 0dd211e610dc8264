package config

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func provider(change func(*Config)) *Config {
	c := &Config{OIDC: OIDC{Issuer: "https://id.example.org/realms/ours", ClientID: "earshot", ID: "sso", SignUp: "off", SecondFactor: "told"}}
	c.Listen, c.PublicURL = ":8000", "https://chat.example.org"
	change(c)
	return c
}

func TestOIDC(t *testing.T) {
	t.Parallel()
	for want, change := range map[string]func(*Config){
		"":                         func(*Config) {},
		"oidc.issuer is \"id":      func(c *Config) { c.OIDC.Issuer = "id.example.org" },
		"oidc.issuer is \"http:":   func(c *Config) { c.OIDC.Issuer = "http://id.example.org" },
		"oidc.issuer is \"ftp":     func(c *Config) { c.OIDC.Issuer = "ftp://id.example.org" },
		"oidc.issuer is \"https:?": func(c *Config) { c.OIDC.Issuer = "https:?x" },
		"?a=b\"":                   func(c *Config) { c.OIDC.Issuer += "?a=b" },
		"#a\"":                     func(c *Config) { c.OIDC.Issuer += "#a" },
		"a:b@":                     func(c *Config) { c.OIDC.Issuer = "https://a:b@id.example.org" },
		"oidc.client_id":           func(c *Config) { c.OIDC.ClientID = "" },
		"two ways":                 func(c *Config) { c.OIDC.ClientSecret, c.OIDC.ClientSecretFile = "a", "b" },
		"oidc.id is \"\"":          func(c *Config) { c.OIDC.ID = "" },
		"oidc.id is \"a/b\"":       func(c *Config) { c.OIDC.ID = "a/b" },
		"oidc.label":               func(c *Config) { c.OIDC.Label = strings.Repeat("x", 101) },
		"oidc.sign_up":             func(c *Config) { c.OIDC.SignUp = "open" },
		"oidc.second_factor":       func(c *Config) { c.OIDC.SecondFactor = "" },
		"oidc.groups_claim":        func(c *Config) { c.OIDC.Staff = []string{"x"} },
		"oidc.groups holds \"x\"":  func(c *Config) { c.OIDC.GroupsClaim, c.OIDC.Groups = "groups", []string{"x"} },
		"oidc.groups holds \"x=":   func(c *Config) { c.OIDC.GroupsClaim, c.OIDC.Groups = "groups", []string{"x= "} },
		"oidc.groups holds \"=x":   func(c *Config) { c.OIDC.GroupsClaim, c.OIDC.Groups = "groups", []string{"=x"} },
		"oidc.domains":             func(c *Config) { c.OIDC.Domains = []string{"@example.org"} },
		"needs public_url":         func(c *Config) { c.PublicURL = "" },
		"the other settings":       func(c *Config) { c.OIDC.Issuer = "" },
	} {
		err := provider(change).validateOIDC()
		if (err == nil) != (want == "") || (err != nil && !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v", want, err)
		}
	}
	for what, change := range map[string]func(*Config){
		"http on this machine": func(c *Config) { c.OIDC.Issuer = "http://127.0.0.1:5556" },
		"listening on it":      func(c *Config) { c.PublicURL, c.Listen = "", "127.0.0.1:0" },
		"a name by ACME":       func(c *Config) { c.PublicURL, c.TLS.ACME = "", []string{"chat.example.org"} },
		"none at all":          func(c *Config) { c.OIDC = OIDC{ID: "sso", SignUp: "off"}; c.PublicURL = "" },
	} {
		if err := provider(change).validateOIDC(); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	o := OIDC{Issuer: "https://id.example.org:99/x", Groups: []string{"a=One", "a=Two", "cn=b,dc=c=Three"}}
	if got := o.GroupMap(); !reflect.DeepEqual(got, map[string][]string{"a": {"One", "Two"}, "cn=b,dc=c": {"Three"}}) {
		t.Errorf("%v", got)
	}
	if o.Name() != "id.example.org" {
		t.Errorf("%q", o.Name())
	}
}

func TestMoreOIDC(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	secret := write("secret", "hush hush\r\n")
	good := write("good.toml", "issuer = \"https://accounts.example.com\"\nclient_id = \"x\"\nid = \"other\"\nlabel = \"Other\"\nclient_secret_file = '"+secret+"'\n")
	c := provider(func(c *Config) { c.OIDC.More = []string{good} })
	all, err := c.OIDC.All()
	if err != nil || len(all) != 2 || all[1].Name() != "Other" || all[1].SecondFactor != "told" || len(all[1].Scopes) != 2 {
		t.Fatalf("%+v, %v", all, err)
	}
	if got, err := all[1].ReadSecret(); got != "hush hush" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	all[1].ClientSecretFile += "x"
	if _, err := all[1].ReadSecret(); err == nil {
		t.Error("a file that is not there is read")
	}
	for want, name := range map[string]string{
		"each needs its own": write("same.toml", "issuer = \"https://x.example.org\"\nclient_id = \"x\"\nid = \"sso\"\n"),
		"no such setting":    write("what.toml", "issuer = \"https://x.example.org\"\nclient_id = \"x\"\nid = \"x\"\nwhat = 1\n"),
		"line 1":             write("broken.toml", "issuer = \n"),
		"it needs an issuer": write("empty.toml", ""),
		"oidc.client_id":     write("half.toml", "issuer = \"https://x.example.org\"\nid = \"x\"\n"),
		"gone.toml":          filepath.Join(dir, "gone.toml"),
	} {
		c.OIDC.More = []string{name}
		if _, err := c.OIDC.All(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
	if all, err := (&OIDC{}).All(); err != nil || len(all) != 0 {
		t.Errorf("%v, %v", all, err)
	}
}
