// Package storetest is the contract of the storage seams as tests: every adapter runs it in its own tests.
package storetest

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/names"
)

// Stores is what an adapter hands to the contract: all seams, on one empty database.
type Stores struct {
	Users       earshot.UserStore
	Passwords   earshot.PasswordStore
	Edit        earshot.UserEditStore
	Own         earshot.OwnAccountStore
	Secrets     earshot.SecretStore
	Profiles    earshot.ProfileStore
	Groups      earshot.GroupStore
	Import      earshot.ImportStore
	Sessions    earshot.BrowserSessionStore
	Tokens      earshot.TokenStore
	Invitations earshot.InvitationStore
	TOTP        earshot.TOTPStore
	Recovery    earshot.RecoveryStore
	Passkeys    earshot.PasskeyStore
	Identities  earshot.IdentityStore
	Origins     earshot.OriginStore
	Tickets     earshot.TicketStore
	Factors     earshot.FactorStore
	Rooms       earshot.RoomStore
	Members     earshot.MemberStore
	Sanctions   earshot.SanctionStore
	RoomNotes   earshot.RoomNoteStore
	Bans        earshot.BanStore
	Actions     earshot.ActionStore
	Life        earshot.StoreLife
}

// Run tries the whole contract. open gives stores on an empty database of their own and arranges with t.Cleanup that
// they are closed; it is called once for every test.
func Run(t *testing.T, open func(t *testing.T) Stores) {
	t.Helper()
	for _, c := range slices.Concat(ofAccounts(), ofCredentials(), ofRooms()) {
		t.Run(c.name, func(t *testing.T) { c.test(t, open(t)) })
	}
	runOrder(t, open)
}

// part is one test of the contract.
type part struct {
	name string
	test func(t *testing.T, s Stores)
}

func ofAccounts() []part {
	return []part{
		{"UserRoundTrip", userRoundTrip},
		{"UsersAllOrNone", usersAllOrNone},
		{"UserChange", userChange},
		{"UserDelete", userDelete},
		{"UserChangeIf", userChangeIf},
		{"UserDeleteIf", userDeleteIf},
		{"UserPages", userPages},
		{"UsersUnconfirmed", usersUnconfirmed},
		{"UserSearch", userSearch},
		{"AccountChanges", accountChanges},
		{"Groups", groups},
		{"GroupMembers", groupMembers},
		{"Permissions", permissions},
		{"Import", imports},
		{"ImportAllOrNone", importAllOrNone},
		{"UserNotFound", userNotFound},
		{"UsersBySkeleton", usersBySkeleton},
		{"FirstUser", firstUser},
		{"ReplacePassword", replacePassword},
		{"SamplePassword", samplePassword},
		{"SetPassword", setPassword},
		{"RaceForAPassword", raceForAPassword},
		{"UsersByEmail", usersByEmail},
		{"ConfirmEmail", confirmEmail},
		{"DeleteSelf", deleteSelf},
		{"RaceOfTheLastSuperusers", raceOfTheLastSuperusers},
		{"PersonalData", personalData},
		{"ServerSecret", serverSecret},
		{"Avatars", avatars},
		{"Profiles", profiles},
		{"Namesakes", namesakes},
		{"TenThousand", tenThousand},
		{"OddTexts", oddTexts},
		{"UnstorableTexts", unstorableTexts},
	}
}

func ofCredentials() []part {
	return []part{
		{"BrowserSessions", browserSessions},
		{"ListOfBrowserSessions", listOfBrowserSessions},
		{"BrowserSessionOfNobody", browserSessionOfNobody},
		{"ExpiredBrowserSessions", expiredBrowserSessions},
		{"OldBrowserSessionsEnd", oldBrowserSessionsEnd},
		{"Tokens", tokens},
		{"TOTP", totp},
		{"RecoveryCodes", recoveryCodes},
		{"Passkeys", passkeys},
		{"Identities", identities},
		{"IdentityOfNewUser", identityOfNewUser},
		{"LastIdentity", lastIdentity},
		{"RaceOfTheLastIdentities", raceOfTheLastIdentities},
		{"Origins", origins},
		{"OriginKeptByPassword", originKeptByPassword},
		{"Tickets", tickets},
		{"RequiredFactor", requiredFactor},
		{"Invitations", invitations},
		{"InvitationGroups", invitationGroups},
		{"ListedInvitations", listedInvitations},
		{"InvitationKeptOnConflict", invitationKeptOnConflict},
	}
}

func ofRooms() []part {
	return []part{
		{"Rooms", rooms},
		{"RoomNames", roomNames},
		{"FindRooms", findRooms},
		{"RoomsOfOneOwner", roomsOfOneOwner},
		{"RoomNotFound", roomNotFound},
		{"Members", members},
		{"MembersOfWhat", membersOfWhat},
		{"RaceForAName", raceForAName},
		{"RaceForARoom", raceForARoom},
		{"RaceToBeFirst", raceToBeFirst},
		{"RaceForAnInvitation", raceForAnInvitation},
		{"RaceOfSuperusers", raceOfSuperusers},
		{"ReadersDuringWrites", readersDuringWrites},
		{"CancelledContexts", cancelledContexts},
		{"CancelledHalfway", cancelledHalfway},
		{"Life", life},
	}
}

// noon is a time with more digits than are kept.
func noon() time.Time {
	return time.Date(2031, 5, 7, 12, 0, 0, 123_456_789, time.FixedZone("east", 5*3600))
}

// kept is a time as the store gives it back.
func kept(t time.Time) time.Time { return t.Truncate(time.Millisecond).UTC() }

func newUser(name string) earshot.NewUser {
	return earshot.NewUser{
		User: earshot.User{Username: name, Password: "!unusable", IsActive: true, DateJoined: noon()},
		Keys: earshot.UserKeys{Name: names.Key(name), Skeleton: names.Skeleton(name)},
	}
}

func addUser(t *testing.T, s Stores, name string) earshot.UserID {
	t.Helper()
	ids, err := s.Users.CreateUsers(t.Context(), []earshot.NewUser{newUser(name)})
	if err != nil {
		t.Fatalf("making the user %q: %v", name, err)
	}
	return ids[0]
}

func newRoom(name string, owner earshot.UserID) earshot.Room {
	return earshot.Room{Name: name, Title: "The " + name, Access: earshot.AccessPublic, Owner: owner, CreatedAt: noon()}
}

func addRoom(t *testing.T, s Stores, room earshot.Room) earshot.RoomID {
	t.Helper()
	id, err := s.Rooms.CreateRoom(t.Context(), room, names.Key(room.Name), 0)
	if err != nil {
		t.Fatalf("making the room %q: %v", room.Name, err)
	}
	return id
}

// hash makes a hash of any text.
func hash(text string, n ...int) earshot.SecretHash {
	return sha256.Sum256([]byte(fmt.Sprint(text, n)))
}

func want[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %+v, want %+v", what, got, want)
	}
}

func wantAll[T comparable](t *testing.T, what string, got, want []T) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: got %+v, want %+v", what, got, want)
	}
}

func ok(t *testing.T, what string, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

// refused wants an error with a code, and with a field where one is given.
func refused(t *testing.T, what string, err error, code earshot.Code, field ...string) {
	t.Helper()
	if earshot.CodeOf(err) != code {
		t.Errorf("%s: got %v (code %q), want code %q", what, err, earshot.CodeOf(err), code)
		return
	}
	if len(field) > 0 && earshot.AsError(err).Field != field[0] {
		t.Errorf("%s: got field %q, want %q", what, earshot.AsError(err).Field, field[0])
	}
}

func life(t *testing.T, s Stores) {
	ok(t, "ping", s.Life.Ping(t.Context()))
	addUser(t, s, "ana")
	ok(t, "close", s.Life.Close())
	if err := s.Life.Ping(t.Context()); err == nil {
		t.Error("a closed store answers")
	}
}
