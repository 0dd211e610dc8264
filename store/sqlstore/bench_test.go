package sqlstore_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/store/sqlstore"
)

// BenchmarkToken is what the store does for a handshake: the token, and whose it is.
func BenchmarkToken(b *testing.B) {
	store, err := sqlstore.Open(b.Context(), filepath.Join(b.TempDir(), "bench.db"))
	if err != nil {
		b.Fatal(err)
	}
	defer store.Close()
	ids, err := store.CreateUsers(b.Context(), []earshot.NewUser{{
		User: earshot.User{Username: "ana", Password: "!", IsActive: true, DateJoined: time.Now()},
		Keys: earshot.UserKeys{Name: "ana", Skeleton: "ana"},
	}})
	if err != nil {
		b.Fatal(err)
	}
	hash := earshot.SecretHash{1}
	if err := store.CreateTokens(b.Context(), []earshot.Token{{Hash: hash, User: ids[0], CreatedAt: time.Now()}}); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		token, err := store.Token(b.Context(), hash)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := store.User(b.Context(), token.User); err != nil {
			b.Fatal(err)
		}
	}
}
