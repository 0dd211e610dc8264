package earshot

import (
	"context"
	"time"
)

// The seams to what is stored of second factors. What store.go promises of all methods holds for these, too.

// TOTP is a second factor that makes codes from a shared secret and the time (RFC 6238).
type TOTP struct {
	User UserID
	// Secret is shared with the user's authenticator. It is needed as it is, and so kept as it is.
	Secret []byte
	// Confirmed is true once the user has shown a code: only then is it asked for.
	Confirmed bool
	// LastStep is the time step of the last code that was taken: neither it nor one before it is taken again.
	LastStep  int64
	CreatedAt time.Time
}

// TOTPStore keeps second factors by TOTP, and the recovery codes that stand in for any second factor.
type TOTPStore interface {
	// TOTP gives the user's, confirmed or not.
	TOTP(ctx context.Context, user UserID) (TOTP, error)
	// BeginTOTP keeps one that is to be confirmed, in the place of another such. CodeConflict if there is a confirmed one,
	// CodeNotFound if the user is unknown.
	BeginTOTP(ctx context.Context, totp TOTP) error
	// ConfirmTOTP makes what BeginTOTP kept the user's second factor, with its LastStep, and gives the user these recovery codes
	// and no others: both or neither. CodeConflict if it is not there any more, or was confirmed meanwhile; CodeNotFound if
	// the user is unknown.
	ConfirmTOTP(ctx context.Context, totp TOTP, codes []SecretHash, log ...Action) error
	// UseTOTP makes step the last one. CodeConflict if there is none that is confirmed, or its last step is not before.
	UseTOTP(ctx context.Context, user UserID, step int64) error
	// DeleteTOTP removes the user's; no error where there is none.
	DeleteTOTP(ctx context.Context, user UserID, log ...Action) error
}

// RecoveryStore keeps the hashes of recovery codes.
type RecoveryStore interface {
	// ReplaceRecoveryCodes gives the user these codes and no others; none is for taking them away.
	ReplaceRecoveryCodes(ctx context.Context, user UserID, codes []SecretHash) error
	// UseRecoveryCode takes a code away; CodeNotFound if the user has it not, or not any more.
	UseRecoveryCode(ctx context.Context, user UserID, code SecretHash) error
	// CountRecoveryCodes says how many the user has left.
	CountRecoveryCodes(ctx context.Context, user UserID) (int, error)
}

// Passkey is a key of a user's device (WebAuthn).
type Passkey struct {
	ID   int64
	User UserID
	// CredentialID is the key's own name, unique among all.
	CredentialID []byte
	// Name is what its user calls it.
	Name string
	// Credential is what is kept to check it by, in the form of who checks.
	Credential []byte
	CreatedAt  time.Time
	// UsedAt is zero for one that was not used yet.
	UsedAt time.Time
}

// PasskeyStore keeps passkeys.
type PasskeyStore interface {
	// CreatePasskey keeps the passkey and gives its number. CodeNotFound if the user is unknown, CodeConflict if the
	// credential is kept already, CodeLimit if the user has most already.
	CreatePasskey(ctx context.Context, p Passkey, most int, log ...Action) (int64, error)
	// Passkeys gives those of the user, the oldest first.
	Passkeys(ctx context.Context, user UserID) ([]Passkey, error)
	// UsePasskey writes Credential and UsedAt.
	UsePasskey(ctx context.Context, p Passkey) error
	// RenamePasskey gives one of the user another name.
	RenamePasskey(ctx context.Context, user UserID, id int64, name string) error
	// DeletePasskey removes one of the user.
	DeletePasskey(ctx context.Context, user UserID, id int64, log ...Action) error
}

// Required says of whom a second factor is required.
type Required string

// The values. They are kept in databases and never change their meaning.
const (
	// RequiredOfNobody leaves it to people.
	RequiredOfNobody Required = "nobody"
	// RequiredOfStaff wants one of the staff and of superusers.
	RequiredOfStaff Required = "staff"
	// RequiredOfEverybody wants one of everybody.
	RequiredOfEverybody Required = "everybody"
)

// Valid tells whether r is one of the values.
func (r Required) Valid() bool {
	return r == RequiredOfNobody || r == RequiredOfStaff || r == RequiredOfEverybody
}

// Covers tells whether one is required of the user.
func (r Required) Covers(user *User) bool {
	return r == RequiredOfEverybody || (r == RequiredOfStaff && (user.IsStaff || user.IsSuperuser))
}

// FactorStore keeps of whom a second factor is required: a confirmed authenticator or a passkey.
type FactorStore interface {
	// RequiredFactor gives what RequireFactor kept last, RequiredOfNobody before that.
	RequiredFactor(ctx context.Context) (Required, error)
	// RequireFactor keeps it, and writes the entry into the log, both or neither. A server that runs is left notes as by
	// UserEditStore: one of no user, and one of each user with a log-in or a token of whom one is required and who has none.
	RequireFactor(ctx context.Context, of Required, entry Action) error
	// HasFactor tells whether the user has one. CodeNotFound if the user is unknown.
	HasFactor(ctx context.Context, user UserID) (bool, error)
}

// Ticket is something begun that a client goes on with soon: a log-in that awaits its second step, a challenge.
type Ticket struct {
	Hash SecretHash
	// Kind says what for. A ticket of one kind is none of another.
	Kind string
	// User is zero where it is not known whose it is.
	User UserID
	Data []byte
	// Tries is how often TryTicket was asked.
	Tries     int
	ExpiresAt time.Time
}

// TicketStore keeps tickets. Where a ticket has expired at now, is of another kind or is not there, the answer is
// CodeNotFound.
type TicketStore interface {
	// CreateTicket keeps the ticket. CodeNotFound if its user is unknown.
	CreateTicket(ctx context.Context, t Ticket) error
	// Ticket gives it.
	Ticket(ctx context.Context, hash SecretHash, kind string, now time.Time) (Ticket, error)
	// TryTicket counts one more try, and gives the ticket; CodeNotFound once there were most.
	TryTicket(ctx context.Context, hash SecretHash, kind string, now time.Time, most int) (Ticket, error)
	// TakeTicket removes the ticket and gives it: to one caller, of several at the same time.
	TakeTicket(ctx context.Context, hash SecretHash, kind string, now time.Time) (Ticket, error)
	// DeleteExpiredTickets removes what expired at now or before.
	DeleteExpiredTickets(ctx context.Context, now time.Time) error
}
