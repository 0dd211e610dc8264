package sqlstore

import (
	"context"
	"embed"
	"errors"
	"io"
	"io/fs"
	"strings"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"github.com/earshot-chat/earshot"
)

//go:embed migrations/*.sql
var migrations embed.FS

// migrate brings the tables up to date. Each migration is a transaction, so one that is cut off is as if not begun.
func (s *Store) migrate(ctx context.Context) error {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	options := []goose.ProviderOption{goose.WithDisableGlobalRegistry(true)}
	if s.goose == goose.DialectPostgres {
		locker, err := lock.NewPostgresSessionLocker()
		if err != nil {
			return err
		}
		options = append(options, goose.WithSessionLocker(locker))
	}
	provider, err := goose.NewProvider(s.goose, s.write, translated{files, s.types}, options...)
	if err != nil {
		return err
	}
	// SQLite has no lock that outlives a transaction, so two processes that open a new file at once both try to make
	// the tables, and the second fails. It looks again, and finds less to do or nothing: each try that fails because another
	// process was at it leaves at least one migration less, so there are no more of those than migrations.
	tries := len(provider.ListSources()) + 1
	for try := 1; ; try++ {
		_, err = provider.Up(ctx)
		if err == nil {
			return s.fail(ctx, notNewer(ctx, provider))
		}
		if ctx.Err() != nil || s.goose == goose.DialectPostgres || try == tries {
			return s.fail(ctx, err)
		}
	}
}

// notNewer refuses tables of a newer version: this one knows nothing of what it has to keep there. CodeConflict.
func notNewer(ctx context.Context, provider *goose.Provider) error {
	version, err := provider.GetDBVersion(ctx)
	if err != nil {
		return err
	}
	known := provider.ListSources()
	if latest := known[len(known)-1].Version; version > latest {
		return earshot.Errorf(earshot.CodeConflict,
			"A newer version of Earshot has made these tables, which are of version %d; this one knows them up to %d.", version, latest)
	}
	return nil
}

// translated is the migrations in the dialect's terms.
type translated struct {
	fs.FS
	types *strings.Replacer
}

// Open opens a file whose text is translated.
func (t translated) Open(name string) (fs.File, error) {
	f, err := t.FS.Open(name)
	if err != nil || !strings.HasSuffix(name, ".sql") {
		return f, err
	}
	text, err := io.ReadAll(f)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return translatedFile{f, strings.NewReader(t.types.Replace(string(text)))}, nil
}

type translatedFile struct {
	fs.File
	text *strings.Reader
}

// Read gives the translated text.
func (f translatedFile) Read(p []byte) (int, error) { return f.text.Read(p) }
