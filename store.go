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
//
// Methods that change what is looked after take entries for the log of actions last. They are written in the transaction of the
// change: if the change was not made, or there was nothing to change, there is no entry, and a change whose entry cannot be
// written is not made.

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
	// Groups are those that the user is put into.
	Groups []GroupID
}

// UserStore keeps accounts.
type UserStore interface {
	// CreateUsers makes all or none, in one transaction, and returns their ids in order. CodeNotFound for an unknown group.
	CreateUsers(ctx context.Context, users []NewUser, log ...Action) ([]UserID, error)
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
	// UsersBySkeleton gives at most so many of those whose name looks like this, the staff and superusers first.
	UsersBySkeleton(ctx context.Context, skeleton string, most int) ([]User, error)
}

// UserQuery says which users are wanted. The zero value is all of them.
type UserQuery struct {
	// Search is a part of the key of the name, or of the address of mail or the display name, which are compared in small letters.
	Search NameKey
	// IsActive, IsStaff and IsSuperuser want users for whom it is so, or not so; nil is either.
	IsActive, IsStaff, IsSuperuser *bool
	// Unconfirmed wants those who have an address of mail that was never confirmed, and never logged in, or all others; nil is
	// either.
	Unconfirmed *bool
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
	// addresses are others, or that something was set.
	User UserID
	// Credential has ended; zero where the user was changed.
	Credential SecretHash
}

// UserEditStore changes accounts. What a server that runs must act on is noted with each change, in the same transaction:
// it reads the notes, also those of other processes, and forgets them when it has acted.
type UserEditStore interface {
	// ChangeUser changes the user and gives the new state. CodeNotFound also where one of the groups is unknown.
	ChangeUser(ctx context.Context, id UserID, change UserChange, log ...Action) (User, error)
	// DeleteUser removes the user, with log-ins, tokens, invitations and memberships; rooms are left without owner.
	DeleteUser(ctx context.Context, id UserID, log ...Action) error
	// ChangeUserIf is ChangeUser if the guard gives no error; else it gives that, and changes nothing. CodeConflict with
	// Field "is_superuser" if of the active superusers none would be left.
	ChangeUserIf(ctx context.Context, id UserID, change UserChange, guard Guard, log ...Action) (User, error)
	// DeleteUserIf is DeleteUser in the same way.
	DeleteUserIf(ctx context.Context, id UserID, guard Guard, log ...Action) error
	// AccountChanges gives at most most of the notes.
	AccountChanges(ctx context.Context, most int) ([]AccountChange, error)
	// ForgetAccountChanges removes these notes. One that is not there is no error.
	ForgetAccountChanges(ctx context.Context, changes []AccountChange) error
}

// GroupChange is what is to be changed of a group.
type GroupChange struct {
	// Name is another name, and Key that as compared; where Name is empty it stays.
	Name string
	Key  NameKey
	// Grant are the permissions that its members get, Revoke those that are taken.
	Grant, Revoke PermissionSet
}

// GroupStore keeps groups.
type GroupStore interface {
	// CreateGroup makes the group; key is the name as compared.
	CreateGroup(ctx context.Context, group Group, key NameKey, log ...Action) (GroupID, error)
	// GroupByName gives the group whose name has this key.
	GroupByName(ctx context.Context, key NameKey) (Group, error)
	// Groups gives all groups by name.
	Groups(ctx context.Context) ([]Group, error)
	// GroupsOf gives the groups of the user by name.
	GroupsOf(ctx context.Context, user UserID) ([]Group, error)
	// ChangeGroup changes the group. Where PermModerateRoom is granted or taken, its members are noted as changed
	// (UserEditStore). CodeConflict with the field "group" for a name that is taken.
	ChangeGroup(ctx context.Context, id GroupID, change GroupChange, log ...Action) error
	// DeleteGroup removes the group; its members lose what they had through it, and are noted as changed.
	DeleteGroup(ctx context.Context, id GroupID, log ...Action) error
	// SetGroupMember puts the user into the group, or takes the user out, who is noted as changed; no error where that is so
	// already. CodeNotFound if group or user is unknown.
	SetGroupMember(ctx context.Context, group GroupID, user UserID, member bool, log ...Action) error
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

// Way is how a log-in was begun.
type Way string

// The ways. The names are kept in databases and never change their meaning.
const (
	// WayOwn is by what the user knows or has: a password, a passkey.
	WayOwn Way = ""
	// WayLink is by a link from another device on which the user was logged in.
	WayLink Way = "link"
)

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
	Way    Way
	// Origin is kept with a log-in that was begun by a provider of OpenID Connect; nil for all others. No method of
	// BrowserSessionStore gives it back: OriginStore does, when the log-in ends.
	Origin *Origin
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
	// DeleteBrowserSession ends a log-in, and gives by whom it was begun; zero if by no provider, or if it is not there, which is
	// no error.
	DeleteBrowserSession(ctx context.Context, hash SecretHash) (Origin, error)
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
	CreateTokens(ctx context.Context, tokens []Token, log ...Action) error
	// Token gives the token whose secret has this hash, even after it expired: expiry is account's rule.
	Token(ctx context.Context, hash SecretHash) (Token, error)
	// DeleteToken ends a token; one that is not there is no error.
	DeleteToken(ctx context.Context, hash SecretHash, log ...Action) error
	// Tokens gives the tokens of the user, expired ones too, the newest first.
	Tokens(ctx context.Context, user UserID) ([]Token, error)
	// UseTokens notes when tokens were last used. One that is not there is no error.
	UseTokens(ctx context.Context, uses []CredentialUse) error
	// DeleteExpiredTokens removes what expired at now or before and says which.
	DeleteExpiredTokens(ctx context.Context, now time.Time) ([]SecretHash, error)
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
	CreateInvitation(ctx context.Context, inv Invitation, groups []GroupID, log ...Action) error
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
	DeleteInvitation(ctx context.Context, hash SecretHash, log ...Action) error
	// DeleteExpiredInvitations removes what expired at now or before, and says how many.
	DeleteExpiredInvitations(ctx context.Context, now time.Time) (int, error)
}

// RoomStore keeps rooms and who may enter the private ones.
type RoomStore interface {
	// CreateRoom makes the room and returns its id; key is the name as compared. CodeLimit if its owner has most rooms
	// already, of those made at the same time too; a most of zero, or no owner, is no limit.
	CreateRoom(ctx context.Context, room Room, key NameKey, most int, log ...Action) (RoomID, error)
	// Room gives the room with this id.
	Room(ctx context.Context, id RoomID) (Room, error)
	// Rooms gives all rooms by name.
	Rooms(ctx context.Context) ([]Room, error)
	// FindRooms gives a page of those that fit the query, in the order of their keys.
	FindRooms(ctx context.Context, query RoomQuery) ([]FoundRoom, error)
	// UpdateRoom writes title, topic, access, owner, slow mode and lock, and leaves word (RoomNoteStore).
	UpdateRoom(ctx context.Context, room Room, log ...Action) error
	// DeleteRoom removes the room and its members, and leaves word (RoomNoteStore).
	DeleteRoom(ctx context.Context, id RoomID, log ...Action) error
}

// FoundRoom is a room in a list of those that were looked for.
type FoundRoom struct {
	Room
	// OwnerName is the owner's username; empty for a room that is nobody's.
	OwnerName string
}

// RoomQuery says which rooms are wanted. The zero value is all of them.
type RoomQuery struct {
	// Search is a part of the key of the name, or of the title in small letters; Key all of the former.
	Search, Key NameKey
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
	AddMember(ctx context.Context, room RoomID, user UserID, log ...Action) error
	// RemoveMember is no error for one who is not a member; of one who was, word is left (RoomNoteStore).
	RemoveMember(ctx context.Context, room RoomID, user UserID, log ...Action) error
	// IsMember tells whether the user was added and not removed since; rooms and users that are not there have none.
	IsMember(ctx context.Context, room RoomID, user UserID) (bool, error)
	// Members gives a room's members by username.
	Members(ctx context.Context, room RoomID) ([]User, error)
	// MemberRooms gives the ids of the private rooms that the user is a member of.
	MemberRooms(ctx context.Context, user UserID) ([]RoomID, error)
}

// RoomNote is word that a room was changed, which a server must act on where another process did it.
type RoomNote struct {
	ID   int64
	Room RoomID
	// User is whose sanctions in the room are others, or who is a member no more; zero where the room is another, or gone.
	User UserID
}

// RoomNoteStore keeps notes of changes of rooms, in the transaction of each, as UserEditStore does of accounts.
type RoomNoteStore interface {
	// RoomNotes gives at most most of the notes, the oldest first.
	RoomNotes(ctx context.Context, most int) ([]RoomNote, error)
	// ForgetRoomNotes removes these notes. One that is not there is no error.
	ForgetRoomNotes(ctx context.Context, notes []RoomNote) error
}

// SanctionStore keeps who is banned from a room or muted in it.
type SanctionStore interface {
	// PutSanction keeps the sanction, in the place of one of its kind of that user in that room, and writes the entry into the
	// log, both or neither, and leaves word (RoomNoteStore). CodeNotFound if room or user is unknown, CodeLimit if the room has MaxSanctions of the kind that
	// hold at the sanction's At already.
	PutSanction(ctx context.Context, s Sanction, entry Action) error
	// LiftSanction ends it, and writes the entry, both or neither, and leaves word. One that is not there is no error, and no entry.
	LiftSanction(ctx context.Context, kind SanctionKind, room RoomID, user UserID, entry Action) error
	// Sanctions gives those of the room that hold at now, by username, of one kind or, for an empty one, of all. after is the
	// key of the last user's name of the page before, limit the most there are to a page; zero is no limit.
	Sanctions(ctx context.Context, room RoomID, kind SanctionKind, now time.Time, after NameKey, limit int) ([]Sanction, error)
	// FindSanctions gives a page of those of all rooms that fit the query, the latest first.
	FindSanctions(ctx context.Context, query SanctionQuery) ([]FoundSanction, error)
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
	// Bans gives a page of those that fit the query, the latest first.
	Bans(ctx context.Context, query BanQuery) ([]Ban, error)
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
