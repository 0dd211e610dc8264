package earshot

import (
	"slices"
	"testing"
)

func TestScopes(t *testing.T) {
	t.Parallel()
	if got := ScopesOf(ScopeAdmin, ScopeChat, "nonsense", ScopeChat); got.String() != "chat admin" || !got.Has(ScopeAdmin) || got.Has(ScopeRooms) {
		t.Errorf("got %q", got)
	}
	if !slices.Equal(AllScopes().List(), Scopes()) || AllScopes().Has("nonsense") || Scope("").Valid() || !ScopeRooms.Valid() {
		t.Error("not all")
	}
	for text, want := range map[string]ScopeSet{
		"": 0, " ": 0, "chat": ScopesOf(ScopeChat), " rooms  chat unheard_of": ScopesOf(ScopeChat, ScopeRooms), "CHAT": 0,
		AllScopes().String(): AllScopes(),
	} {
		if got := ParseScopes(text); got != want {
			t.Errorf("%q: %q", text, got)
		}
	}
}
