package earshot

import (
	"slices"
	"strings"
)

// Scope is a part of what a token may be used for. A token never does more than its user may, whatever its scopes. The
// names are kept in databases and never change their meaning.
type Scope string

// The scopes. What needs which is said in one place, the table of routes of package httpd.
const (
	// ScopeChat: the socket and the event stream, and to see rooms and members.
	ScopeChat Scope = "chat"
	// ScopeRooms: to see, make, change and delete rooms, and to change who may enter.
	ScopeRooms Scope = "rooms"
	// ScopeAccount: to see and change one's own account. Passwords, second factors and tokens are for no token.
	ScopeAccount Scope = "account"
	// ScopeAdmin: what is for administrators: invitations, other users, groups.
	ScopeAdmin Scope = "admin"
)

// Scopes gives all there are, in a fixed order.
func Scopes() []Scope { return []Scope{ScopeChat, ScopeRooms, ScopeAccount, ScopeAdmin} }

// Valid tells whether s is one of the scopes.
func (s Scope) Valid() bool { return slices.Contains(Scopes(), s) }

// ScopeSet is some of the scopes. It lives in memory only: what is kept are the names.
type ScopeSet uint8

// ScopesOf makes a set. What is no scope is left out.
func ScopesOf(scopes ...Scope) ScopeSet {
	var set ScopeSet
	for _, s := range scopes {
		if i := slices.Index(Scopes(), s); i >= 0 {
			set |= 1 << i
		}
	}
	return set
}

// AllScopes is the set of all, which tokens from the command line have.
func AllScopes() ScopeSet { return ScopesOf(Scopes()...) }

// ParseScopes reads what String writes. Names that are not known count for nothing.
func ParseScopes(text string) ScopeSet {
	var set ScopeSet
	for name := range strings.FieldsSeq(text) {
		set |= ScopesOf(Scope(name))
	}
	return set
}

// Has tells whether s is in the set.
func (set ScopeSet) Has(s Scope) bool { return set&ScopesOf(s) != 0 }

// List gives what is in the set, in the order of Scopes.
func (set ScopeSet) List() []Scope {
	list := make([]Scope, 0, len(Scopes()))
	for _, s := range Scopes() {
		if set.Has(s) {
			list = append(list, s)
		}
	}
	return list
}

// String gives the names with a space between them, as RFC 6749, section 3.3, writes scopes.
func (set ScopeSet) String() string {
	names := make([]string, 0, len(Scopes()))
	for _, s := range set.List() {
		names = append(names, string(s))
	}
	return strings.Join(names, " ")
}
