package main

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/earshot-chat/earshot/account"
	"github.com/earshot-chat/earshot/config"
	"github.com/earshot-chat/earshot/httpd"
	"github.com/earshot-chat/earshot/mail/smtpmail"
)

// makeMail makes what sends mail, if the settings say how, and gives what the rules of accounts need of it.
func (s *server) makeMail(c *config.Config) (account.MailConfig, error) {
	if !c.SMTP.On() {
		return account.MailConfig{}, nil
	}
	password, err := c.SMTP.ReadPassword()
	if err != nil {
		return account.MailConfig{}, err
	}
	roots, err := readRoots(c.SMTP.CA)
	if err != nil {
		return account.MailConfig{}, err
	}
	s.mail, err = smtpmail.New(smtpmail.Options{
		Host: c.SMTP.Host, Port: c.SMTP.PortOrDefault(), User: c.SMTP.User, Password: password, From: c.SMTP.From,
		Security: smtpmail.Security(c.SMTP.TLS), Roots: roots, Log: s.log,
	})
	if err != nil {
		return account.MailConfig{}, err
	}
	return account.MailConfig{
		Mailer: s.mail, BaseURL: c.BaseURL(nil), Name: c.Name, ResetAge: c.ResetAge, ConfirmSignUp: c.ConfirmEmail,
	}, nil
}

// readRoots reads the authorities of a PEM file; nil, for those of the system, where none is named.
func readRoots(name string) (*x509.CertPool, error) {
	if name == "" {
		return nil, nil //nolint:nilnil // crypto/tls has it so
	}
	text, err := os.ReadFile(name) //nolint:gosec // G304: the operator's own setting
	if err != nil {
		return nil, fmt.Errorf("reading certificates: %w", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("%s holds no certificate in PEM", name)
	}
	return roots, nil
}

// answerResets looks at requests to set a password anew until the context ends.
func (s *server) answerResets(ctx context.Context) {
	s.accounts.AnswerResets(ctx, func(err error) {
		s.log.WarnContext(ctx, "a request to set a password anew was not answered", slog.Any("error", err))
	})
}

type userResetLinkCmd struct {
	oneUserArgs
	config.Address
}

// Run prints a link with which the user sets a password.
func (c *userResetLinkCmd) Run(env *environment) error {
	return withAccounts(env.ctx, c.Storage, func(service *account.Service) error {
		token, expires, err := service.ResetLink(env.ctx, nil, c.Name)
		if err != nil {
			return fmt.Errorf("%s: %w", c.Name, err)
		}
		return printLink(env, c.JSON, account.ResetURL(c.BaseURL(nil), token), expires)
	})
}

type inviteCmd struct {
	storageFlags
	jsonFlag
	config.Address
	Uses  int      `help:"How many people may sign up with it." default:"1" placeholder:"N"`
	Days  int      `help:"How many days it lasts." default:"7" placeholder:"N"`
	Group []string `help:"A group that whoever comes by it is put into; may be given more than once." placeholder:"GROUP"`
}

// Validate holds the invitation within what the API allows too.
func (c *inviteCmd) Validate() error {
	if c.Uses < 1 || c.Uses > 1000 {
		return errors.New("--uses must be from 1 to 1000")
	}
	if c.Days < 1 || c.Days > 30 {
		return errors.New("--days must be from 1 to 30")
	}
	return nil
}

// Run prints an invitation link.
func (c *inviteCmd) Run(env *environment) error {
	return withAccounts(env.ctx, c.Storage, func(service *account.Service) error {
		if err := wantGroups(env, service, c.Group); err != nil {
			return err
		}
		secret, expires, err := service.Invite(env.ctx, 0, c.Uses, time.Duration(c.Days)*24*time.Hour, c.Group...)
		if err != nil {
			return err
		}
		return printLink(env, c.JSON, httpd.InvitationURL(c.BaseURL(nil), secret), expires)
	})
}

// printLink prints a link that is to be handed to somebody.
func printLink(env *environment, asJSON bool, link string, expires time.Time) error {
	if asJSON {
		return printJSON(env.stdout, map[string]string{"url": link, "expires_at": expires.Format(time.RFC3339)})
	}
	_, err := fmt.Fprintln(env.stdout, link)
	return err
}
