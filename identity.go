package earshot

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"
)

// Bounds of what a provider says of somebody, in bytes.
const (
	// MaxSubject is the longest subject (OpenID Connect Core 1.0, section 2).
	MaxSubject = 255
	// MaxIssuer is the longest address of a provider.
	MaxIssuer = 500
)

// Identity is a person as a provider of OpenID Connect knows them, and the user who they are here.
type Identity struct {
	ID   int64
	User UserID
	// Issuer is the provider, and Subject its own name for the person, which it never gives to another. Both together are
	// unique, and compared to the byte.
	Issuer, Subject string
	// Name is what the person is called there, so that the user knows it again: an address of mail, say. Nothing is decided by
	// it, and it may be empty.
	Name      string
	CreatedAt time.Time
	// UsedAt is when the user last logged in by it; zero for never.
	UsedAt time.Time
}

// IdentityStore keeps identities.
type IdentityStore interface {
	// CreateIdentity keeps the identity, gives its number, and writes the entry into the log, all or nothing. CodeNotFound if
	// the user is unknown, CodeConflict with Field "identity" if it is kept already, whoever's it is, CodeLimit if the user has
	// most already.
	CreateIdentity(ctx context.Context, identity Identity, most int, entry Action) (int64, error)
	// CreateIdentifiedUser makes a user, whose first identity it keeps, and writes the entry: all or nothing. CodeConflict as
	// UserStore.CreateUsers, and with Field "identity" as CreateIdentity.
	CreateIdentifiedUser(ctx context.Context, user NewUser, identity Identity, entry Action) (UserID, error)
	// Identity gives the one that the issuer knows by the subject.
	Identity(ctx context.Context, issuer, subject string) (Identity, error)
	// Identities gives those of the user, the oldest first.
	Identities(ctx context.Context, user UserID) ([]Identity, error)
	// UseIdentity notes when it was last used. One that is not there is no error.
	UseIdentity(ctx context.Context, id int64, at time.Time) error
	// DeleteIdentity removes one of the user's, and writes the entry, both or neither. CodeNotFound if the user has it not;
	// CodeConflict with Field "identity" if nothing else would be left to log in by: a usable password, a passkey, or another
	// identity of one of these issuers. Of two who remove the last two at once, one is refused.
	DeleteIdentity(ctx context.Context, user UserID, id int64, issuers []string, entry Action) error
}

// IsSubject tells whether a text can be kept as a subject, or as a provider's name for a log-in: it has from 1 to MaxSubject
// bytes, and is valid UTF-8 without zero bytes.
func IsSubject(text string) bool {
	return text != "" && len(text) <= MaxSubject && utf8.ValidString(text) && !strings.ContainsRune(text, 0)
}

// Origin is by whom at a provider of OpenID Connect a log-in was begun.
type Origin struct {
	// Issuer and Subject are those of an Identity.
	Issuer, Subject string
	// Session is what the provider calls its own log-in (sid of OpenID Connect Back-Channel Logout 1.0, section 2.1), at most
	// MaxSubject bytes; empty if it does not say.
	Session string
	// Hint is what the provider is shown when the person logs out, in a form that opens with the log-in's secret only.
	Hint []byte
}

// OriginStore ends log-ins that were begun by providers.
type OriginStore interface {
	// EndSessionsFrom ends the log-ins that the issuer began no later than at a time, and says which: those of the provider's
	// session, where one is named, and else those of the subject. Where both are named both must be right; where neither is, none is ended.
	EndSessionsFrom(ctx context.Context, issuer, subject, session string, until time.Time) ([]SecretHash, error)
}
