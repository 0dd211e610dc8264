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
)

//go:embed migrations/*.sql
var migrations embed.FS

// migrateTries is how often bringing SQLite's tables up to date is tried. Each try that fails because another process
// was at it leaves at least one migration less to do.
const migrateTries = 10

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
	// the tables, and the second fails. It looks again, and finds less to do or nothing.
	for try := 1; ; try++ {
		_, err = provider.Up(ctx)
		if err == nil || ctx.Err() != nil || s.goose == goose.DialectPostgres || try == migrateTries {
			return s.fail(ctx, err)
		}
	}
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
