package earshot

import (
	"context"
	"slices"
	"time"
)

// Verb names what was done, in the log of actions. The names are kept in databases and never change their meaning.
type Verb string

// The verbs.
const (
	VerbCreateUser       Verb = "create_user"
	VerbChangeUser       Verb = "change_user"
	VerbDeleteUser       Verb = "delete_user"
	VerbResetLink        Verb = "create_reset_link"
	VerbCreateGroup      Verb = "create_group"
	VerbChangeGroup      Verb = "change_group"
	VerbDeleteGroup      Verb = "delete_group"
	VerbAddToGroup       Verb = "add_to_group"
	VerbRemoveFromGroup  Verb = "remove_from_group"
	VerbCreateToken      Verb = "create_token"
	VerbDeleteToken      Verb = "delete_token"
	VerbCreateInvitation Verb = "create_invitation"
	VerbDeleteInvitation Verb = "delete_invitation"
	VerbCreateRoom       Verb = "create_room"
	VerbChangeRoom       Verb = "change_room"
	VerbDeleteRoom       Verb = "delete_room"
	VerbAddMember        Verb = "add_member"
	VerbRemoveMember     Verb = "remove_member"
	VerbKick             Verb = "kick"
	VerbBanFromRoom      Verb = "ban_from_room"
	VerbUnbanFromRoom    Verb = "unban_from_room"
	VerbMute             Verb = "mute"
	VerbUnmute           Verb = "unmute"
	VerbBan              Verb = "ban"
	VerbUnban            Verb = "unban"
	VerbImport           Verb = "import"
	VerbLinkDevice       Verb = "link_device"
	VerbRequireFactor    Verb = "require_factor"
	VerbAddFactor        Verb = "add_factor"
	VerbRemoveFactor     Verb = "remove_factor"
	VerbChangePassword   Verb = "change_password"
	VerbChangeEmail      Verb = "change_email"
	VerbLinkIdentity     Verb = "link_identity"
	VerbUnlinkIdentity   Verb = "unlink_identity"
)

// Verbs gives all there are, in a fixed order.
func Verbs() []Verb {
	return []Verb{
		VerbCreateUser, VerbChangeUser, VerbDeleteUser, VerbResetLink, VerbCreateGroup, VerbChangeGroup, VerbDeleteGroup, VerbAddToGroup,
		VerbRemoveFromGroup, VerbCreateToken, VerbDeleteToken, VerbCreateInvitation, VerbDeleteInvitation, VerbCreateRoom, VerbChangeRoom,
		VerbDeleteRoom, VerbAddMember, VerbRemoveMember, VerbKick, VerbBanFromRoom, VerbUnbanFromRoom, VerbMute, VerbUnmute,
		VerbBan, VerbUnban, VerbImport, VerbLinkDevice, VerbRequireFactor,
		VerbAddFactor, VerbRemoveFactor, VerbChangePassword, VerbChangeEmail, VerbLinkIdentity, VerbUnlinkIdentity,
	}
}

// Valid tells whether v is one of the verbs.
func (v Verb) Valid() bool { return slices.Contains(Verbs(), v) }

// Road is by which way somebody acted.
type Road string

// The roads.
const (
	// RoadPage: the REST API, with the cookie of a log-in.
	RoadPage Road = "page"
	// RoadToken: the REST API, with a bearer token.
	RoadToken Road = "token"
	// RoadCommand: the command line.
	RoadCommand Road = "command"
)

// Action is an entry of the log of actions: who did what, to whom or what, and when. It never holds what was said in a
// room, a password or a secret.
type Action struct {
	// ID grows from entry to entry.
	ID int64
	At time.Time
	// Actor is who did it; nobody's for the command line. It is kept as it was then.
	Actor UserRef
	Road  Road
	Verb  Verb
	// Subject is whom or what it was done to, by its name then: a user, a group, a room, a range of addresses.
	Subject string
	// Room is where, by its name then, for what was done in a room.
	Room string
	// Details tell more, by name: which fields were changed, until when a ban holds, the reason.
	Details map[string]string
}

// ActionQuery says which entries are wanted. The zero value is the latest MaxActions.
type ActionQuery struct {
	// Actor and Subject are names, compared as they were kept but for the case of letters; Verb is one of the verbs. A room's
	// name as Subject also finds what was done in it.
	Actor, Subject string
	Verb           Verb
	// Since and Before bound the time: not before Since, and before Before. Zero is no bound.
	Since, Before time.Time
	// Below wants entries with smaller ids: the last of the page before. Zero is the first page.
	Below int64
	// Limit is the most there are to a page, up to MaxActions; zero or less is MaxActions.
	Limit int
}

// MaxActions is the most entries to a page.
const MaxActions = 500

// Doer is who acts, and by which road.
type Doer struct {
	User UserRef
	Road Road
}

// doing is the key of a Doer in a context.
type doing struct{}

// Doing notes in the context on whose behalf the calls made with it are, for the log of actions. It gives nobody a right:
// rules are asked about the user that a call is handed.
func Doing(ctx context.Context, who Doer) context.Context {
	return context.WithValue(ctx, doing{}, who)
}

// DoerOf gives who acts. Where nobody was noted it is the command line.
func DoerOf(ctx context.Context) Doer {
	if who, ok := ctx.Value(doing{}).(Doer); ok {
		return who
	}
	return Doer{Road: RoadCommand}
}

// Entry makes an entry of what is done now on behalf of the context's Doer. Details are names and values in turn; a value
// that is empty is left out.
func Entry(ctx context.Context, verb Verb, subject string, details ...string) Action {
	who := DoerOf(ctx)
	a := Action{At: time.Now().UTC().Truncate(time.Millisecond), Actor: who.User, Road: who.Road, Verb: verb, Subject: subject}
	for i := 0; i+1 < len(details); i += 2 {
		if details[i+1] == "" {
			continue
		}
		if a.Details == nil {
			a.Details = make(map[string]string)
		}
		a.Details[details[i]] = details[i+1]
	}
	return a
}

// In gives the entry as of something done in a room.
func (a Action) In(room string) Action {
	a.Room = room
	return a
}
