package account

import (
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/earshot-chat/earshot"
)

// TestRemovedAtOnce removes both second factors of a user who is to have one, at once: one stays.
func TestRemovedAtOnce(t *testing.T) {
	h := newHouse(t, Config{}).quick()
	ana := h.add(t, "ana")
	if err := h.RequireFactor(t.Context(), nil, earshot.RequiredOfEverybody); err != nil {
		t.Fatal(err)
	}
	by, proof := Login{User: ana}, Proof{Password: goodPassword}
	for range 40 {
		var keys []int64
		for _, id := range []string{"one", "two"} {
			key, err := h.store.CreatePasskey(t.Context(), earshot.Passkey{
				User: ana.ID, CredentialID: []byte(id), Credential: []byte(id), Name: id, CreatedAt: time.Now(),
			}, MaxPasskeys)
			if err != nil {
				t.Fatal(err)
			}
			keys = append(keys, key)
		}
		refused := make([]error, len(keys))
		var both sync.WaitGroup
		for i, key := range keys {
			both.Go(func() { refused[i] = h.RemovePasskey(t.Context(), by, key, proof, netip.Addr{}) })
		}
		both.Wait()
		left, err := h.store.Passkeys(t.Context(), ana.ID)
		if err != nil || len(left) != 1 {
			t.Fatalf("%d are left, %v: %v", len(left), err, refused)
		}
		for i, key := range keys {
			if stayed := key == left[0].ID; stayed != isCode(refused[i], earshot.CodeConflict) || !stayed && refused[i] != nil {
				t.Errorf("the one that stayed %v: %v", stayed, refused[i])
			}
		}
		if err := h.store.DeletePasskey(t.Context(), ana.ID, left[0].ID); err != nil {
			t.Fatal(err)
		}
	}
}
