package earshot

import (
	"slices"
	"strings"
)

// Permission is something that a user may be allowed to do, by its own name or through a group. The names are Django's:
// what is done, and with what.
type Permission string

// The permissions. Owners of rooms may change and delete their own without one; PermAddRoom is also that to make any
// number. Their names are kept in databases and never change their meaning.
const (
	PermAddRoom       Permission = "add_room"
	PermChangeRoom    Permission = "change_room"
	PermDeleteRoom    Permission = "delete_room"
	PermViewRoom      Permission = "view_room"
	PermModerateRoom  Permission = "moderate_room"
	PermAddUser       Permission = "add_user"
	PermChangeUser    Permission = "change_user"
	PermDeleteUser    Permission = "delete_user"
	PermViewUser      Permission = "view_user"
	PermAddInvitation Permission = "add_invitation"
	PermManageBots    Permission = "manage_bots"
	PermViewLog       Permission = "view_log"
	PermViewServer    Permission = "view_server"
)

// Permissions gives all there are, in a fixed order.
func Permissions() []Permission {
	return []Permission{
		PermAddRoom, PermChangeRoom, PermDeleteRoom, PermViewRoom, PermModerateRoom,
		PermAddUser, PermChangeUser, PermDeleteUser, PermViewUser, PermAddInvitation, PermManageBots, PermViewServer,
		PermViewLog,
	}
}

// Valid tells whether p is one of the permissions.
func (p Permission) Valid() bool { return slices.Contains(Permissions(), p) }

// PermissionSet is some of the permissions. Sets are equal if they hold the same. It lives in memory only: what is kept
// are the names.
type PermissionSet uint32

// PermissionsOf makes a set. What is no permission is left out.
func PermissionsOf(permissions ...Permission) PermissionSet {
	var s PermissionSet
	for _, p := range permissions {
		if i := slices.Index(Permissions(), p); i >= 0 {
			s |= 1 << i
		}
	}
	return s
}

// StaffPermissions is what an account that is made as staff gets, besides IsStaff: to look after rooms and invitations.
func StaffPermissions() PermissionSet {
	return PermissionsOf(PermAddRoom, PermChangeRoom, PermDeleteRoom, PermViewRoom, PermModerateRoom, PermAddInvitation)
}

// Has tells whether p is in the set.
func (s PermissionSet) Has(p Permission) bool { return s&PermissionsOf(p) != 0 }

// List gives what is in the set, in the order of Permissions.
func (s PermissionSet) List() []Permission {
	list := make([]Permission, 0, len(Permissions()))
	for i, p := range Permissions() {
		if s&(1<<i) != 0 {
			list = append(list, p)
		}
	}
	return list
}

// May is the one place that decides what a user may do: who is not active nothing, a superuser everything, anybody else
// what they or one of their groups was granted.
func (u *User) May(p Permission) bool {
	return u.IsActive && (u.IsSuperuser || (u.Permissions | u.Inherited).Has(p))
}

// MayActAgainst is the one place that decides against whom those who keep order may act, in a room or on the whole server:
// nobody against oneself, a superuser against all others, and anybody else against nobody on the staff.
func (u *User) MayActAgainst(other *User) error {
	switch {
	case u.ID == other.ID:
		return Errorf(CodeConflict, "You cannot do this to yourself.")
	case u.IsSuperuser && u.IsActive:
		return nil
	case other.IsStaff || other.IsSuperuser:
		return Errorf(CodeForbidden, "Only a superuser may do this to somebody on the staff.")
	}
	return nil
}

// All is everything that the user may do.
func (u *User) All() PermissionSet {
	switch {
	case !u.IsActive:
		return 0
	case u.IsSuperuser:
		return PermissionsOf(Permissions()...)
	}
	return u.Permissions | u.Inherited
}

// GroupID is the number of a group in the store. Zero is no group.
type GroupID int64

// MaxGroupName is the longest name of a group, in characters (Django: Group.name.max_length).
const MaxGroupName = 150

// Group is users who have permissions in common.
type Group struct {
	ID GroupID
	// Name is unique without regard to case.
	Name        string
	Permissions PermissionSet
}

// Validate reports the first field that breaks the rules. It expects a name that is already normalised (NFKC).
func (g *Group) Validate() error {
	if strings.TrimSpace(g.Name) == "" {
		return FieldError("group", "A group needs a name.")
	}
	return validateLine("group", g.Name, MaxGroupName)
}
