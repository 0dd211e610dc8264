package config

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"regexp"
	"strings"

	"github.com/BurntSushi/toml"
)

// OIDC says by which provider of OpenID Connect people may log in. Without an issuer there is none.
type OIDC struct {
	// Issuer is the provider's address, as it calls itself.
	Issuer string `help:"The provider of OpenID Connect by which people may log in, by its address (the issuer), to the byte as it calls itself, such as https://id.example.org/realms/ours. Needs --public-url, unless the server is tried on this machine." placeholder:"URL" toml:"issuer"`
	// ClientID and one of ClientSecret and ClientSecretFile are what the provider knows this server by.
	ClientID         string `name:"client-id" help:"What the provider calls this server." placeholder:"TEXT" toml:"client_id"`
	ClientSecret     string `help:"The secret that the provider shares with this server. Not on the command line, where others on the machine see it: in the environment, or in a file." placeholder:"TEXT" toml:"client_secret"`
	ClientSecretFile string `help:"A file with that secret." placeholder:"FILE" toml:"client_secret_file"`
	// ID stands in addresses.
	ID string `name:"id" help:"What the provider is called in addresses: it sends people back to PUBLIC_URL/oidc/ID/callback, and has to know that address." default:"sso" placeholder:"TEXT" toml:"id"`
	// Label is what people read.
	Label string `help:"What the provider is called on the page. By default the name of its host." placeholder:"TEXT" toml:"label"`
	// Scopes are asked for besides openid.
	Scopes []string `help:"What the provider is asked for besides who somebody is." default:"profile,email" placeholder:"SCOPE" toml:"scopes"`
	// SignUp is off or create.
	SignUp string `help:"What becomes of people without an account here: off (they are not let in) or create (they get one, whatever --sign-up says)." default:"off" placeholder:"POLICY" toml:"sign_up"`
	// Domains are those of mail that are let in; none is all.
	Domains []string `help:"Let in only people whose address of mail, which the provider must say to be verified, is at one of these domains." placeholder:"DOMAIN" toml:"domains"`
	// LinkByEmail links users of before by their address.
	LinkByEmail bool `help:"Link people, when they first log in by the provider, to the account here with the same address of mail, if both sides know it to be theirs, and it may do no more than others. Only for a provider that gives nobody the address of somebody else." toml:"link_by_email"`
	// SecondFactor is never, told or always.
	SecondFactor string `help:"Whether the provider's own second factor takes the place of the one that somebody has set up here: never, told (where it says so, by mfa in the claim amr) or always." default:"told" placeholder:"TRUST" toml:"second_factor"`
	// LogOut has people log out there, too.
	LogOut bool `help:"Have who came by the provider, and logs out here, log out there, too (RP-Initiated Logout). It then knows PUBLIC_URL/oidc/ID/logout as an address to send people back to." toml:"log_out"`
	// GroupsClaim is where the person's groups stand.
	GroupsClaim string `help:"The claim in which the person's groups stand, or a path to it with dots: groups, realm_access.roles." placeholder:"CLAIM" toml:"groups_claim"`
	// Groups are VALUE=GROUP.
	Groups []string `help:"Which value of that claim puts people into which group here. It is looked at with each log-in by the provider: whoever has not got the value is taken out of the group." placeholder:"VALUE=GROUP" toml:"groups"`
	// Staff and Superusers are values of that claim.
	Staff      []string `help:"Values of that claim that make people staff; whoever has none of them is not. Without any, the provider has no say in it." placeholder:"VALUE" toml:"staff"`
	Superusers []string `help:"The same for superusers, who may do everything. The last one stays one." placeholder:"VALUE" toml:"superusers"`
	// CA is the name of a PEM file.
	CA string `name:"ca" help:"The certificates by which the provider is known, a PEM file, where the system does not know them." placeholder:"FILE" toml:"ca"`
	// More are the names of files, each for one more provider.
	More []string `help:"Files for more providers: each is TOML with the settings of one, without oidc. before their names." placeholder:"FILE" toml:"more"`
}

// On tells whether there is a provider.
func (o *OIDC) On() bool { return o.Issuer != "" }

// ReadSecret gives the secret, from its file if there is one. A line break at the end is not part of it.
func (o *OIDC) ReadSecret() (string, error) {
	if o.ClientSecretFile == "" {
		return o.ClientSecret, nil
	}
	text, err := os.ReadFile(o.ClientSecretFile)
	if err != nil {
		return "", fmt.Errorf("reading the secret of the provider %s: %w", o.ID, err)
	}
	return string(bytes.TrimRight(text, "\r\n")), nil
}

// Name is what people read.
func (o *OIDC) Name() string {
	if o.Label != "" {
		return o.Label
	}
	if u, err := url.Parse(o.Issuer); err == nil {
		return u.Hostname()
	}
	return o.ID
}

// GroupMap gives the groups of each value.
func (o *OIDC) GroupMap() map[string][]string {
	groups := make(map[string][]string)
	for _, pair := range o.Groups {
		if i := strings.LastIndexByte(pair, '='); i > 0 { // a value may be cn=admins,dc=example
			groups[pair[:i]] = append(groups[pair[:i]], pair[i+1:])
		}
	}
	return groups
}

// All gives every provider that there is: this one, and those of More, which are read.
func (o *OIDC) All() ([]OIDC, error) {
	if !o.On() {
		return nil, nil
	}
	all := []OIDC{*o}
	for _, name := range o.More {
		one, err := readOIDC(name)
		if err != nil {
			return nil, fmt.Errorf("the provider in %s: %w", name, err)
		}
		all = append(all, one)
	}
	for i := range all {
		for j := range i {
			if all[i].ID == all[j].ID || all[i].Issuer == all[j].Issuer {
				return nil, fmt.Errorf("two providers have the id %q or the issuer %q: each needs its own", all[i].ID, all[i].Issuer)
			}
		}
	}
	return all, nil
}

// readOIDC reads the file of one more provider.
func readOIDC(name string) (OIDC, error) {
	one := OIDC{Scopes: []string{"profile", "email"}, SignUp: "off", SecondFactor: "told"}
	meta, err := toml.DecodeFile(name, &one)
	if err != nil {
		if at, ok := errors.AsType[toml.ParseError](err); ok {
			return OIDC{}, fmt.Errorf("line %d: %s", at.Position.Line, at.Message)
		}
		return OIDC{}, err
	}
	if unknown := meta.Undecoded(); len(unknown) > 0 {
		return OIDC{}, fmt.Errorf("no such setting: %s", unknown[0])
	}
	if !one.On() || len(one.More) > 0 {
		return OIDC{}, errors.New("it needs an issuer, and names no more of them")
	}
	return one, one.Validate()
}

// Validate reports what cannot be used.
func (o *OIDC) Validate() error {
	if !o.On() {
		if o.ClientID != "" || o.ClientSecret != "" || o.ClientSecretFile != "" || len(o.More) > 0 {
			return errors.New("oidc.issuer names the provider: the other settings of oidc need it")
		}
		return nil
	}
	errs := []error{
		o.validateIssuer(),
		oneOf("oidc.sign_up", o.SignUp, "off", "create"),
		oneOf("oidc.second_factor", o.SecondFactor, "never", "told", "always"),
	}
	if o.ClientID == "" {
		errs = append(errs, errors.New("oidc.client_id is missing: it is what the provider calls this server"))
	}
	if o.ClientSecret != "" && o.ClientSecretFile != "" {
		errs = append(errs, errors.New("oidc.client_secret and oidc.client_secret_file are two ways to say the same: set one"))
	}
	if !regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,31}$`).MatchString(o.ID) {
		errs = append(errs, fmt.Errorf("oidc.id is %q: it must be made of small letters, digits and -, at most 32", o.ID))
	}
	if len(o.Label) > 100 {
		errs = append(errs, errors.New("oidc.label has at most 100 bytes"))
	}
	return errors.Join(append(errs, o.validatePeople())...)
}

func (o *OIDC) validateIssuer() error {
	u, err := url.Parse(o.Issuer)
	if err != nil || u.Hostname() == "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil || len(o.Issuer) > 500 ||
		(u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname()))) {
		return fmt.Errorf("oidc.issuer is %q: it must be an address of https, such as https://id.example.org, or of http on this machine", o.Issuer)
	}
	return nil
}

// validatePeople reports what cannot be used of the settings that say who is who.
func (o *OIDC) validatePeople() error {
	var errs []error
	if o.GroupsClaim == "" && len(o.Groups)+len(o.Staff)+len(o.Superusers) > 0 {
		errs = append(errs, errors.New("oidc.groups_claim is missing: without it nobody has a value that oidc.groups, oidc.staff or oidc.superusers names"))
	}
	for _, pair := range o.Groups {
		if i := strings.LastIndexByte(pair, '='); i < 1 || strings.TrimSpace(pair[i+1:]) == "" {
			errs = append(errs, fmt.Errorf("oidc.groups holds %q: it must be VALUE=GROUP", pair))
		}
	}
	for _, domain := range o.Domains {
		if domain == "" || strings.ContainsAny(domain, "@*/ ") {
			errs = append(errs, fmt.Errorf("oidc.domains holds %q: it must be a domain, such as example.org", domain))
		}
	}
	return errors.Join(errs...)
}

// validateOIDC reports what cannot be used of the settings of providers, together with the others.
func (c *Config) validateOIDC() error {
	err := c.OIDC.Validate()
	host, _, splitErr := net.SplitHostPort(c.Listen)
	if c.OIDC.On() && c.PublicURL == "" && len(c.TLS.ACME) == 0 && splitErr == nil && !loopback(host) {
		err = errors.Join(err, errors.New("oidc.issuer needs public_url: the provider sends people back there"))
	}
	return err
}
