package main

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/earshot-chat/earshot/account"
	"github.com/earshot-chat/earshot/config"
	"github.com/earshot-chat/earshot/internal/openid"
)

// makeProviders makes what speaks with the providers of OpenID Connect, if the settings name some. None is asked anything yet.
func (s *server) makeProviders(c *config.Config, policy *account.Config) error {
	all, err := c.OIDC.All()
	if err != nil {
		return err
	}
	policy.Complain = func(ctx context.Context, provider string, err error) {
		s.log.WarnContext(ctx, "a log-in by OpenID Connect", slog.String("provider", provider), slog.Any("error", err))
	}
	for i := range all {
		o := &all[i]
		secret, err := o.ReadSecret()
		if err != nil {
			return err
		}
		roots, err := readRoots(o.CA)
		if err != nil {
			return fmt.Errorf("the provider %s: %w", o.ID, err)
		}
		own := c.BaseURL(s.listener.Addr()) + "/oidc/" + o.ID
		provider := openid.New(openid.Options{
			Issuer: o.Issuer, ClientID: o.ClientID, Secret: secret, Redirect: own + "/callback", LoggedOut: own + "/logout",
			Scopes: o.Scopes, GroupsClaim: o.GroupsClaim, Roots: roots,
		})
		s.providers = append(s.providers, provider)
		policy.Providers = append(policy.Providers, account.Provider{
			ID: o.ID, Label: o.Name(), OpenID: provider, Create: o.SignUp == "create", LogOut: o.LogOut, LinkByEmail: o.LinkByEmail, Domains: o.Domains,
			SecondFactor: account.SecondFactorTrust(o.SecondFactor), Groups: o.GroupMap(), Staff: o.Staff, Superusers: o.Superusers,
		})
	}
	return nil
}

// identityJSON is a linked account as --json prints one.
type identityJSON struct {
	Issuer  string `json:"issuer"`
	Subject string `json:"subject"`
	Name    string `json:"name"`
}

func jsonOfIdentities(all []account.LinkedIdentity) []identityJSON {
	list := make([]identityJSON, len(all))
	for i := range all {
		list[i] = identityJSON{Issuer: all[i].Issuer, Subject: all[i].Subject, Name: all[i].Name}
	}
	return list
}

// linkedTo names linked accounts for a person.
func linkedTo(all []account.LinkedIdentity) []string {
	list := make([]string, len(all))
	for i := range all {
		list[i] = all[i].Issuer
		if all[i].Name != "" {
			list[i] += " (" + all[i].Name + ")"
		}
	}
	return list
}
