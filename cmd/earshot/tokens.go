package main

import (
	"bufio"
	"errors"
	"fmt"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/account"
	"github.com/earshot-chat/earshot/names"
)

type tokenCreateCmd struct {
	storageFlags
	jsonFlag
	namesArgs
}

// createdTokenJSON is a token that was created, as --json prints one: this once with its secret.
type createdTokenJSON struct {
	Username string `json:"username"`
	Token    string `json:"token"`
}

// Run creates a token for each name, all or none, and prints them in the order of the names.
func (c *tokenCreateCmd) Run(env *environment) error {
	people, err := c.read(env.stdin)
	if err != nil {
		return err
	}
	usernames := make([]string, len(people))
	for i, p := range people {
		usernames[i] = p.name
	}
	return withAccounts(env.ctx, c.Storage, func(service *account.Service) error {
		tokens, err := service.CreateTokens(env.ctx, usernames)
		if err != nil {
			return fmt.Errorf("no token was created: %w", err)
		}
		if c.JSON {
			list := make([]createdTokenJSON, len(tokens))
			for i := range tokens {
				list[i] = createdTokenJSON{Username: names.Normalize(usernames[i]), Token: tokens[i]}
			}
			return printJSON(env.stdout, list)
		}
		out := bufio.NewWriter(env.stdout)
		for _, token := range tokens {
			if _, err := fmt.Fprintln(out, token); err != nil {
				return err
			}
		}
		return out.Flush()
	})
}

// tokenJSON is a token as --json prints one: never its secret, which is not kept.
type tokenJSON struct {
	ID        string          `json:"id"`
	Name      string          `json:"name"`
	Scopes    []earshot.Scope `json:"scopes"`
	CreatedAt time.Time       `json:"created_at"`
	// UsedAt is null for one that was never used, ExpiresAt for one that does not expire.
	UsedAt    *time.Time `json:"used_at"`
	ExpiresAt *time.Time `json:"expires_at"`
}

func jsonOfToken(t *account.TokenInfo) tokenJSON {
	return tokenJSON{
		ID: t.ID, Name: t.Name, Scopes: t.Scopes.List(), CreatedAt: t.CreatedAt, UsedAt: unlessZero(t.UsedAt), ExpiresAt: unlessZero(t.ExpiresAt),
	}
}

func printTokens(env *environment, tokens []account.TokenInfo) error {
	list := make([]tokenJSON, len(tokens))
	for i := range tokens {
		list[i] = jsonOfToken(&tokens[i])
	}
	return printJSON(env.stdout, list)
}

type tokenListCmd struct{ oneUserArgs }

// Run lists a user's tokens, the newest first.
func (c *tokenListCmd) Run(env *environment) error {
	return withAccounts(env.ctx, c.Storage, func(service *account.Service) error {
		user, err := service.UserByName(env.ctx, c.Name)
		if err != nil {
			return fmt.Errorf("%s: %w", c.Name, err)
		}
		tokens, err := service.Tokens(env.ctx, user.ID)
		if err != nil {
			return err
		}
		if c.JSON {
			return printTokens(env, tokens)
		}
		table := tabwriter.NewWriter(env.stdout, 0, 0, 2, ' ', 0)
		if len(tokens) > 0 {
			if _, err := fmt.Fprintln(table, "ID\tCREATED\tUSED\tEXPIRES\tSCOPES\tNAME"); err != nil {
				return err
			}
		}
		for i := range tokens {
			t := &tokens[i]
			if _, err := fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\n",
				t.ID, day(t.CreatedAt), day(t.UsedAt), day(t.ExpiresAt), t.Scopes, t.Name); err != nil {
				return err
			}
		}
		return table.Flush()
	})
}

type tokenRevokeCmd struct {
	oneUserArgs
	IDs []string `arg:"" optional:"" name:"id" help:"Tokens, as the list names them."`
	All bool     `help:"All tokens that the user has."`
}

// Validate wants to know which.
func (c *tokenRevokeCmd) Validate() error {
	if c.All == (len(c.IDs) > 0) {
		return errors.New("name the tokens that are to be revoked, or give --all")
	}
	return nil
}

// Run ends tokens of a user. A server that runs cuts off who uses them within a second.
func (c *tokenRevokeCmd) Run(env *environment) error {
	return withAccounts(env.ctx, c.Storage, func(service *account.Service) error {
		user, err := service.UserByName(env.ctx, c.Name)
		if err != nil {
			return fmt.Errorf("%s: %w", c.Name, err)
		}
		tokens, err := service.Tokens(env.ctx, user.ID)
		if err != nil {
			return err
		}
		if !c.All {
			if tokens, err = theseTokens(tokens, c.IDs); err != nil {
				return err
			}
		}
		for i := range tokens {
			if err := service.EndToken(env.ctx, user.ID, tokens[i].ID); err != nil {
				return fmt.Errorf("%s: %w", tokens[i].ID, err)
			}
		}
		if c.JSON {
			return printTokens(env, tokens)
		}
		_, err = fmt.Fprintf(env.stdout, "%s of %s revoked.\n", count(len(tokens), "token"), user.Username)
		return err
	})
}

// theseTokens picks the tokens with the ids, each once; CodeNotFound names the first that is not there.
func theseTokens(all []account.TokenInfo, ids []string) ([]account.TokenInfo, error) {
	picked := make([]account.TokenInfo, 0, len(ids))
	for _, id := range ids {
		at := slices.IndexFunc(all, func(t account.TokenInfo) bool { return t.ID == id })
		if at < 0 {
			return nil, earshot.Errorf(earshot.CodeNotFound, "%s: there is no such token.", id)
		}
		picked = append(picked, all[at])
	}
	return once(picked, func(t account.TokenInfo) string { return t.ID }), nil
}
