package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/account"
	"github.com/earshot-chat/earshot/config"
	"github.com/earshot-chat/earshot/import/django"
	"github.com/earshot-chat/earshot/store/sqlstore"
)

type importDjangoCmd struct {
	config.FileFlag
	jsonFlag
	Data   string `help:"Earshot's data directory." default:"data" placeholder:"DIR" toml:"data"`
	Into   string `help:"Earshot's own database, as --db is for other commands: a file for SQLite or a postgres:// URL. By default earshot.db in the data directory." placeholder:"FILE|URL" toml:"db" setting:"db"`
	DB     string `name:"db" required:"" help:"The database of the Django project: a file for SQLite or a postgres:// URL. It is only read." placeholder:"FILE|URL"`
	DryRun bool   `help:"Write nothing, and tell what would be done."`
}

// Validate wants to be told of a database.
func (c *importDjangoCmd) Validate() error {
	if c.DB == "" {
		return errors.New("--db is empty: give the database of the Django project")
	}
	return nil
}

// Run takes over users, groups and rooms.
func (c *importDjangoCmd) Run(env *environment) error {
	from, err := c.read(env)
	if err != nil {
		return err
	}
	var report account.ImportReport
	work := func(store *sqlstore.Store) error {
		service := account.New(accountStores(store), account.DefaultConfig(), nil)
		report, err = service.Import(env.ctx, store, store, from, c.DryRun)
		return err
	}
	at, open := config.Storage{Data: c.Data, DB: c.Into}, withNewStore
	if c.DryRun {
		open = env.withStoreOrNone
	}
	if err := open(env.ctx, at, work); err != nil {
		return fmt.Errorf("nothing was imported: %w", err)
	}
	if c.JSON {
		return printJSON(env.stdout, report)
	}
	return printReport(env.stdout, &report, c.DryRun)
}

// withStoreOrNone is withStore for work that writes nothing: where there is no database it is given an empty one, which is in a
// temporary directory and goes with it.
func (env *environment) withStoreOrNone(ctx context.Context, at config.Storage, work func(*sqlstore.Store) error) error {
	store, err := sqlstore.OpenExisting(ctx, at.DSN())
	if earshot.CodeOf(err) != earshot.CodeNotFound {
		if err != nil {
			return fmt.Errorf("opening the database: %w", err)
		}
		return errors.Join(work(store), store.Close())
	}
	if _, err := fmt.Fprintf(env.stderr, "earshot: %v It would be made.\n", err); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "earshot-dry-run-")
	if err != nil {
		return err
	}
	none := config.Storage{Data: dir}
	return errors.Join(withNewStore(ctx, none, work), os.RemoveAll(dir))
}

// read reads the project's database.
func (c *importDjangoCmd) read(env *environment) (earshot.Foreign, error) {
	source, err := django.Open(c.DB)
	if err != nil {
		return earshot.Foreign{}, err
	}
	from, err := source.Read(env.ctx)
	return from, errors.Join(err, source.Close())
}

// printReport tells a person what was done.
func printReport(out io.Writer, report *account.ImportReport, dry bool) error {
	done := ""
	if dry {
		done = "Nothing was written. This would be done:\n"
	}
	if _, err := io.WriteString(out, done); err != nil {
		return err
	}
	for _, line := range []struct {
		what   string
		counts account.ImportCounts
	}{{"Users", report.Users}, {"Groups", report.Groups}, {"Rooms", report.Rooms}} {
		_, err := fmt.Fprintf(out, "%-7s %d created, %d updated, %d unchanged, %d left out\n", line.what+":",
			line.counts.Created, line.counts.Updated, line.counts.Unchanged, line.counts.LeftOut)
		if err != nil {
			return err
		}
	}
	for _, l := range report.LeftOut {
		// Quoted: what a name was refused for may be meant for the terminal.
		if _, err := fmt.Fprintf(out, "%s %d %q: %s\n", l.Kind, l.Foreign, l.Name, l.Why); err != nil {
			return err
		}
	}
	return nil
}
