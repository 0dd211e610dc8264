package earshot

import "context"

// What is taken over from another program, such as a Django project. An adapter reads it and brings it into these terms;
// package account decides what of it can be had here.

// ForeignUser is a user of another program. Nothing of it is checked.
type ForeignUser struct {
	// Foreign is the number that the other program has for the user.
	Foreign int64
	// User has no ID.
	User
	// Groups are the other program's numbers of the user's groups.
	Groups []int64
}

// ForeignGroup is a group of another program; its ID is none.
type ForeignGroup struct {
	Foreign int64
	Group
}

// ForeignRoom is a room of another program, which has a title and no name.
type ForeignRoom struct {
	Foreign   int64
	Title     string
	StaffOnly bool
}

// Foreign is all that another program has of what is kept here.
type Foreign struct {
	Users  []ForeignUser
	Groups []ForeignGroup
	Rooms  []ForeignRoom
	// Dropped counts permissions without a counterpart, by their names.
	Dropped map[string]int
}

// ImportKind says what was imported.
type ImportKind string

// The kinds.
const (
	ImportUser  ImportKind = "user"
	ImportGroup ImportKind = "group"
	ImportRoom  ImportKind = "room"
)

// Imported is what is kept of something that was imported, so that another import finds it again and changes only what has
// changed there.
type Imported struct {
	Kind    ImportKind
	Foreign int64
	// Own is its number here; zero in a plan for what is to be made.
	Own int64
	// Print is a SHA-256 of all that was imported, Password one of the password's hash.
	Print, Password SecretHash
}

// Plan is what an import does.
type Plan struct {
	Groups []PlannedGroup
	Users  []PlannedUser
	Rooms  []PlannedRoom
}

// PlannedGroup is a group to be made, or to be given these permissions.
type PlannedGroup struct {
	Imported
	Group
	Key NameKey
}

// PlannedUser is a user to be made or brought up to date: all but the name and the dates is written then.
type PlannedUser struct {
	Imported
	NewUser
	// Groups are the other program's numbers of groups that were imported, now or earlier: the user is in these and in no
	// other that was imported.
	Groups []int64
	// KeepPassword leaves the password as it is here.
	KeepPassword bool
}

// PlannedRoom is a room to be made, or to be given this title and access.
type PlannedRoom struct {
	Imported
	Room
	Key NameKey
}

// ImportStore carries imports out.
type ImportStore interface {
	// Imported gives what was imported earlier. What was deleted here since is among it.
	Imported(ctx context.Context) ([]Imported, error)
	// Import does all of the plan or nothing, in one transaction, and leaves word of users that it changes, as ChangeUser
	// does. CodeConflict if a name is taken, or something that is to be brought up to date is gone.
	Import(ctx context.Context, plan Plan, log ...Action) error
}
