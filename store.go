package earshot

import (
	"context"
	"time"
)

// The seams to storage. Nothing in them can hold what is said in a room. Their contract is store/storetest; every method
// is safe for concurrent use, and returns
//
//   - an *Error with CodeNotFound where a thing asked for by id, name or hash is not there,
//   - an *Error with CodeConflict where a name is taken (Field names it),
//   - ctx.Err() in the chain where the context ended first.
//
// Times are kept to the millisecond, in UTC.

// NameKey is a name as compared: NFKC, case folded. Package account makes it; the store only compares.
type NameKey string

// UserKeys are the derived forms of a username that the store keeps beside it.
type UserKeys struct {
	// Name is unique among users.
	Name NameKey
	// Skeleton is the name with look-alike characters made one (Unicode TR 39, section 4); not unique.
	Skeleton string
}

// NewUser is a user to be created with its derived names.
type NewUser struct {
	User
	Keys UserKeys
}

// UserStore keeps accounts.
type UserStore interface {
	// CreateUsers makes all or none, in one transaction, and returns their ids in order.
	CreateUsers(ctx context.Context, users []NewUser) ([]UserID, error)
	// CreateFirstUser makes the user if, and only if, there is none yet; CodeConflict with Field "setup" otherwise.
	CreateFirstUser(ctx context.Context, user NewUser) (UserID, error)
	// User gives the user with this id.
	User(ctx context.Context, id UserID) (User, error)
	// UserByName gives the user whose name has this key.
	UserByName(ctx context.Context, key NameKey) (User, error)
	// Users gives a page of those who fit the query, in the order of their keys.
	Users(ctx context.Context, query UserQuery) ([]User, error)
	// CountUsers counts all users.
	CountUsers(ctx context.Context) (int, error)
	// StaffBySkeleton gives the staff and superusers whose name looks like this.
	StaffBySkeleton(ctx context.Context, skeleton string) ([]User, error)
}

// UserQuery says which users are wanted. The zero value is all of them.
type UserQuery struct {
	// Search is a part of the key of the name, or of the address of mail, which is compared in small letters.
	Search NameKey
	// IsActive, IsStaff and IsSuperuser want users for whom it is so, or not so; nil is either.
	IsActive, IsStaff, IsSuperuser *bool
	// Group wants the members of a group; zero is any.
	Group GroupID
	// After is the key of the last user of the page before; empty is the first page.
	After NameKey
	// Limit is the most there are to a page; zero or less is no limit.
	Limit int
}

// UserChange is what is to be changed of a user; nil leaves a field as it is.
type UserChange struct {
	// Password ends every browser session of the user.
	Password                       *PasswordHash
	Email, DisplayName             *string
	EmailConfirmed                 *bool
	IsActive, IsStaff, IsSuperuser *bool
	// Grant are the permissions that the user gets, Revoke those that are taken.
	Grant, Revoke PermissionSet
	// Join are the groups that the user is put into, Leave those that the user is taken out of.
	Join, Leave []GroupID
}

// Guard says whether something may be done to a user, who is given as of the moment, and kept so until it is done. It must
// not call the store.
type Guard func(now User) error

// AccountChange is something that a server that runs must act on: a log-in that has ended, or a user who was changed.
type AccountChange struct {
	ID int64
	// User was changed in another way than by logging in, or is gone. Zero, where Credential is too, tells that the bans of
	// addresses are others.
	User UserID
	// Credential has ended; zero where the user was changed.
	Credential SecretHash
}

// UserEditStore changes accounts. What a server that runs must act on is noted with each change, in the same transaction:
// it reads the notes, also those of other processes, and forgets them when it has acted.
type UserEditStore interface {
	// ChangeUser changes the user and gives the new state. CodeNotFound also where one of the groups is unknown.
	ChangeUser(ctx context.Context, id UserID, change UserChange) (User, error)
	// DeleteUser removes the user, with log-ins, tokens, invitations and memberships; rooms are left without owner.
	DeleteUser(ctx context.Context, id UserID) error
	// ChangeUserIf is ChangeUser if the guard gives no error; else it gives that, and changes nothing. CodeConflict with
	// Field "is_superuser" if of the active superusers none would be left.
	ChangeUserIf(ctx context.Context, id UserID, change UserChange, guard Guard) (User, error)
	// DeleteUserIf is DeleteUser in the same way.
	DeleteUserIf(ctx context.Context, id UserID, guard Guard) error
	// AccountChanges gives at most most of the notes.
	AccountChanges(ctx context.Context, most int) ([]AccountChange, error)
	// ForgetAccountChanges removes these notes. One that is not there is no error.
	ForgetAccountChanges(ctx context.Context, changes []AccountChange) error
}

// GroupStore keeps groups.
type GroupStore interface {
	// CreateGroup makes the group; key is the name as compared.
	CreateGroup(ctx context.Context, group Group, key NameKey) (GroupID, error)
	// GroupByName gives the group whose name has this key.
	GroupByName(ctx context.Context, key NameKey) (Group, error)
	// Groups gives all groups by name.
	Groups(ctx context.Context) ([]Group, error)
	// GroupsOf gives the groups of the user by name.
	GroupsOf(ctx context.Context, user UserID) ([]Group, error)
	// ChangeGroup grants permissions to the group, and takes others from it. Where PermModerateRoom is among them, its members
	// are noted as changed (UserEditStore).
	ChangeGroup(ctx context.Context, id GroupID, grant, revoke PermissionSet) error
	// DeleteGroup removes the group; its members lose what they had through it, and are noted as changed.
	DeleteGroup(ctx context.Context, id GroupID) error
	// SetGroupMember puts the user into the group, or takes the user out, who is noted as changed; no error where that is so
	// already. CodeNotFound if group or user is unknown.
	SetGroupMember(ctx context.Context, group GroupID, user UserID, member bool) error
}

// PasswordStore keeps the hashes of passwords.
type PasswordStore interface {
	// ReplacePassword puts a new hash of the same password in the place of the one that was checked. CodeConflict if
	// the user has another by now, or is gone.
	ReplacePassword(ctx context.Context, id UserID, checked, fresh PasswordHash) error
	// SamplePassword gives the hash of some user, empty if there is none: the same user's for the same pick, but for a few
	// picks when users come and go, and as many picks for each. It takes the same time whatever the pick.
	SamplePassword(ctx context.Context, pick uint64) (PasswordHash, error)
}

// SecretHash is the SHA-256 of a random secret that a client holds: a browser session's cookie, a token, an invitation.
// The secret itself is never stored.
type SecretHash [32]byte

// BrowserSession is a log-in, kept by a cookie.
type BrowserSession struct {
	Hash      SecretHash
	User      UserID
	CreatedAt time.Time
	ExpiresAt time.Time
	// Device is a short name of the browser, such as "Firefox on Linux", and Address where it was seen last; both may be empty.
	Device, Address string
	// UsedAt is when it was last used, to within some minutes.
	UsedAt time.Time
}

// CredentialUse is that a log-in or a token was used.
type CredentialUse struct {
	Hash SecretHash
	At   time.Time
	// Address is from where, as text.
	Address string
}

// BrowserSessionStore keeps log-ins.
type BrowserSessionStore interface {
	// CreateBrowserSession keeps the log-in and makes its CreatedAt the user's LastLogin, both or neither. CodeNotFound
	// if the user is unknown, not active, or has another password than the one that was checked: a log-in that began
	// before a deactivation or a change of password does not outlive it.
	//
	// Of more than most log-ins of the user, the oldest end, and are returned.
	CreateBrowserSession(ctx context.Context, s BrowserSession, checked PasswordHash, most int) (ended []SecretHash, err error)
	// BrowserSession gives the log-in even after it expired: expiry is account's rule.
	BrowserSession(ctx context.Context, hash SecretHash) (BrowserSession, error)
	// ExtendBrowserSession moves the expiry; CodeNotFound if the log-in was ended meanwhile.
	ExtendBrowserSession(ctx context.Context, hash SecretHash, expires time.Time) error
	// DeleteBrowserSession ends a log-in; one that is not there is no error.
	DeleteBrowserSession(ctx context.Context, hash SecretHash) error
	// DeleteExpiredBrowserSessions removes what expired at now or before and says which.
	DeleteExpiredBrowserSessions(ctx context.Context, now time.Time) ([]SecretHash, error)
	// BrowserSessions gives the log-ins of the user, expired ones too, the last used first.
	BrowserSessions(ctx context.Context, user UserID) ([]BrowserSession, error)
	// UseBrowserSessions notes when and from where log-ins were last used. One that is not there is no error.
	UseBrowserSessions(ctx context.Context, uses []CredentialUse) error
}

// Token opens API and socket for a script or a bot as a browser session does for a person.
type Token struct {
	Hash      SecretHash
	User      UserID
	CreatedAt time.Time
	// Name is what its user calls it; one from the command line has none.
	Name   string
	Scopes ScopeSet
	// ExpiresAt is zero for a token that does not expire, UsedAt for one that was not used yet. The latter is true to some
	// minutes.
	ExpiresAt, UsedAt time.Time
}

// TokenStore keeps tokens.
type TokenStore interface {
	// CreateTokens makes all or none, in one transaction. CodeNotFound if a user is unknown.
	CreateTokens(ctx context.Context, tokens []Token) error
	// Token gives the token whose secret has this hash, even after it expired: expiry is account's rule.
	Token(ctx context.Context, hash SecretHash) (Token, error)
	// DeleteToken ends a token; one that is not there is no error.
	DeleteToken(ctx context.Context, hash SecretHash) error
	// Tokens gives the tokens of the user, expired ones too, the newest first.
	Tokens(ctx context.Context, user UserID) ([]Token, error)
	// UseTokens notes when tokens were last used. One that is not there is no error.
	UseTokens(ctx context.Context, uses []CredentialUse) error
	// DeleteExpiredTokens removes what expired at now or before and says which.
	DeleteExpiredTokens(ctx context.Context, now time.Time) ([]SecretHash, error)
}

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
	// ConfirmTOTP makes what BeginTOTP kept the user's second factor, with its LastStep. CodeConflict if it is not there any
	// more, or was confirmed meanwhile.
	ConfirmTOTP(ctx context.Context, totp TOTP) error
	// UseTOTP makes step the last one. CodeConflict if there is none that is confirmed, or its last step is not before.
	UseTOTP(ctx context.Context, user UserID, step int64) error
	// DeleteTOTP removes the user's; no error where there is none.
	DeleteTOTP(ctx context.Context, user UserID) error
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
	// credential is kept already.
	CreatePasskey(ctx context.Context, p Passkey) (int64, error)
	// Passkeys gives those of the user, the oldest first.
	Passkeys(ctx context.Context, user UserID) ([]Passkey, error)
	// UsePasskey writes Credential and UsedAt.
	UsePasskey(ctx context.Context, p Passkey) error
	// RenamePasskey gives one of the user another name.
	RenamePasskey(ctx context.Context, user UserID, id int64, name string) error
	// DeletePasskey removes one of the user.
	DeletePasskey(ctx context.Context, user UserID, id int64) error
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

// Invitation lets somebody sign up where sign-up is by invitation.
type Invitation struct {
	Hash      SecretHash
	CreatedBy UserID // zero for one made on the command line
	ExpiresAt time.Time
	// UsesLeft is how many more can sign up with it.
	UsesLeft int
}

// ListedInvitation is an invitation as a list has it.
type ListedInvitation struct {
	Invitation
	// By is the name of whoever made it; empty for one made on the command line.
	By string
	// Groups are the names of those that it puts people into.
	Groups []string
}

// InvitationStore keeps invitations.
type InvitationStore interface {
	// CreateInvitation keeps an invitation, which puts whoever comes by it into the groups. CodeNotFound if a group, or whoever
	// made it, is unknown.
	CreateInvitation(ctx context.Context, inv Invitation, groups []GroupID) error
	// Invitation gives the invitation whose secret has this hash, used up and expired ones too.
	Invitation(ctx context.Context, hash SecretHash) (Invitation, error)
	// InvitationGroups gives the groups that it puts people into, by name; none for an unknown one.
	InvitationGroups(ctx context.Context, hash SecretHash) ([]Group, error)
	// Invitations gives those that the user made, or all for zero, by when they expire.
	Invitations(ctx context.Context, by UserID) ([]ListedInvitation, error)
	// CreateInvitedUser takes one use off the invitation, makes the user, and puts them into its groups: all or nothing.
	// CodeForbidden if the invitation is unknown, used up, or expired at now.
	CreateInvitedUser(ctx context.Context, hash SecretHash, now time.Time, user NewUser) (UserID, error)
	// DeleteInvitation withdraws it; CodeNotFound if it is unknown.
	DeleteInvitation(ctx context.Context, hash SecretHash) error
	// DeleteExpiredInvitations removes what expired at now or before, and says how many.
	DeleteExpiredInvitations(ctx context.Context, now time.Time) (int, error)
}

// RoomStore keeps rooms and who may enter the private ones.
type RoomStore interface {
	// CreateRoom makes the room and returns its id; key is the name as compared. CodeLimit if its owner has most rooms
	// already, of those made at the same time too; a most of zero, or no owner, is no limit.
	CreateRoom(ctx context.Context, room Room, key NameKey, most int) (RoomID, error)
	// Room gives the room with this id.
	Room(ctx context.Context, id RoomID) (Room, error)
	// Rooms gives all rooms by name.
	Rooms(ctx context.Context) ([]Room, error)
	// FindRooms gives a page of those that fit the query, in the order of their keys.
	FindRooms(ctx context.Context, query RoomQuery) ([]Room, error)
	// UpdateRoom writes title, topic, access, owner, slow mode and lock.
	UpdateRoom(ctx context.Context, room Room) error
	// DeleteRoom removes the room and its members.
	DeleteRoom(ctx context.Context, id RoomID) error
}

// RoomQuery says which rooms are wanted. The zero value is all of them.
type RoomQuery struct {
	// Search is a part of the key of the name.
	Search NameKey
	// Access wants rooms of this kind; empty is any.
	Access Access
	// Owner wants the rooms of a user; zero is any.
	Owner UserID
	// After is the key of the last room of the page before; empty is the first page.
	After NameKey
	// Limit is the most there are to a page; zero or less is no limit.
	Limit int
}

// MemberStore keeps who may enter private rooms.
type MemberStore interface {
	// AddMember is no error for one who is a member already; CodeNotFound if room or user is unknown. A room that is not
	// private may have members: they count once it is.
	AddMember(ctx context.Context, room RoomID, user UserID) error
	// RemoveMember is no error for one who is not a member.
	RemoveMember(ctx context.Context, room RoomID, user UserID) error
	// IsMember tells whether the user was added and not removed since; rooms and users that are not there have none.
	IsMember(ctx context.Context, room RoomID, user UserID) (bool, error)
	// Members gives a room's members by username.
	Members(ctx context.Context, room RoomID) ([]User, error)
	// MemberRooms gives the ids of the private rooms that the user is a member of.
	MemberRooms(ctx context.Context, user UserID) ([]RoomID, error)
}

// SanctionStore keeps who is banned from a room or muted in it.
type SanctionStore interface {
	// PutSanction keeps the sanction, in the place of one of its kind of that user in that room, and writes the entry into the
	// log, both or neither. CodeNotFound if room or user is unknown, CodeLimit if the room has MaxSanctions of the kind that
	// hold at the sanction's At already.
	PutSanction(ctx context.Context, s Sanction, entry Action) error
	// LiftSanction ends it, and writes the entry, both or neither. One that is not there is no error, and no entry.
	LiftSanction(ctx context.Context, kind SanctionKind, room RoomID, user UserID, entry Action) error
	// Sanctions gives those of the room that hold at now, by username, of one kind or, for an empty one, of all. after is the
	// key of the last user's name of the page before, limit the most there are to a page; zero is no limit.
	Sanctions(ctx context.Context, room RoomID, kind SanctionKind, now time.Time, after NameKey, limit int) ([]Sanction, error)
}

// BanStore keeps who is banned from the server. User has with each user until when.
type BanStore interface {
	// PutBan keeps the ban, in the place of one of the same user or range, and writes the entry into the log, both or
	// neither; a server that runs is left a note as by UserEditStore, for a range one of no user. CodeNotFound for an unknown
	// user.
	PutBan(ctx context.Context, b Ban, entry Action) (Ban, error)
	// LiftBan ends the ban, as PutBan begins it, and gives it. CodeNotFound if there is none.
	LiftBan(ctx context.Context, id int64, entry Action) (Ban, error)
	// BanOf gives the ban of a user, or of a range in the form of ParseRange, also one that has ended; CodeNotFound for none.
	BanOf(ctx context.Context, user UserID, addresses string) (Ban, error)
	// Bans gives a page of those that hold at now with an id over after, in the order of their ids: of addresses only, or of
	// users too.
	Bans(ctx context.Context, now time.Time, addresses bool, after int64, limit int) ([]Ban, error)
	// ForgetSanctions removes bans and sanctions that ended before.
	ForgetSanctions(ctx context.Context, before time.Time) error
}

// ActionStore keeps the log of actions.
type ActionStore interface {
	// WriteActions adds entries, all or none.
	WriteActions(ctx context.Context, entries ...Action) error
	// Actions gives those that fit the query, the latest first.
	Actions(ctx context.Context, query ActionQuery) ([]Action, error)
	// TrimActions removes what is older than before, and of what is left all but the latest keep.
	TrimActions(ctx context.Context, before time.Time, keep int) error
}

// StoreLife is how an opened store is looked after.
type StoreLife interface {
	// Ping tells whether the store answers.
	Ping(ctx context.Context) error
	// Close lets go of all resources; no other call may follow.
	Close() error
}
