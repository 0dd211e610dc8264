package sqlstore_test

import (
	"fmt"
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
	ask := func(b *testing.B) {
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
	b.Run("bans=0", ask)
	const banned = 100_000
	for from := range banned / 1000 {
		users := make([]earshot.NewUser, 1000)
		for i := range users {
			name := fmt.Sprint("user", from, "-", i)
			users[i] = earshot.NewUser{
				User: earshot.User{Username: name, Password: "!", DateJoined: time.Now()}, Keys: earshot.UserKeys{Name: earshot.NameKey(name)},
			}
		}
		ids, err := store.CreateUsers(b.Context(), users)
		if err != nil {
			b.Fatal(err)
		}
		for _, id := range ids {
			ban := earshot.Ban{User: earshot.UserRef{ID: id}, At: time.Now(), Until: earshot.Forever()}
			if _, err := store.PutBan(b.Context(), ban, earshot.Action{At: time.Now()}); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.Run("bans=100000", ask)
}
