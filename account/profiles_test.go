package account

import (
	"fmt"
	"strings"
	"testing"

	"github.com/earshot-chat/earshot"
)

// Nobody poses as somebody else by a display name: not by one that is refused, nor by one that came before the other did.
func TestPosing(t *testing.T) {
	t.Parallel()
	h := newHouse(t, DefaultConfig()).quick()
	h.add(t, "paula", func(a *NewAccount) { a.Staff = true })
	h.add(t, "ana")
	h.add(t, "mallory")
	_, login := h.in(t, "mallory", goodPassword)
	calls := func(name string) error {
		_, err := h.ChangeProfile(t.Context(), login, ProfileEdit{DisplayName: &name}, addr("192.0.2.1"))
		return err
	}
	shown := func() string {
		got, err := h.Profiles(t.Context(), []earshot.UserID{login.User.ID})
		if err != nil || len(got) != 1 {
			t.Fatal(got, err)
		}
		return got[0].DisplayName
	}
	for _, name := range []string{
		"ana", "ANA", "Ａｎａ", " ana ", "a n a", "ana.", "--ana--", "@ana", "_@ana", "an\u200ba", "a\u00a0na", "ⓐⓝⓐ",
		"Ana @ana", "x @y", "＠ana", "﹫ana", "Ana (@ana)", "\u200b@ana",
		"paula", "Pau1a", "раula", "p a u l a", "PAULA", "paulа.",
	} {
		if err := calls(name); earshot.CodeOf(err) != earshot.CodeInvalid || earshot.AsError(err).Field != "display_name" {
			t.Errorf("%q: %v", name, err)
		}
	}
	for _, name := range []string{"Mallory", "mallory", "Ana María", "anna", "аna", "Dr. Paula P.", "m@llory", "@", "...", "", "محمد", "🙂"} {
		err := calls(name)
		if name == "@" {
			refused(t, name, err, earshot.CodeInvalid, "display_name")
			continue
		}
		if err != nil || shown() != name {
			t.Errorf("%q: %v, shown %q", name, err, shown())
		}
	}
	// Whoever was called so before the name was taken is called so no longer, as long as it is taken.
	if err := calls("New One"); err != nil || shown() != "New One" {
		t.Fatal(err, shown())
	}
	h.add(t, "newone")
	if got := shown(); got != "" {
		t.Errorf("poses as one who came later: %q", got)
	}
	// A hundred of the longest names at once.
	var ids []earshot.UserID
	for i := range MaxProfiles {
		u := h.add(t, fmt.Sprintf("u%d", i), func(a *NewAccount) { a.DisplayName = strings.Repeat("ж", 299) + string(rune('a'+i%26)) })
		ids = append(ids, u.ID)
	}
	got, err := h.Profiles(t.Context(), ids)
	if err != nil || len(got) != MaxProfiles || got[7].DisplayName == "" {
		t.Errorf("%d, %v", len(got), err)
	}
	_, err = h.Profiles(t.Context(), append(ids, 1))
	refused(t, "too many", err, earshot.CodeInvalid, "id")
}
