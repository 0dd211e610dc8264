package hub

import (
	"context"

	"github.com/earshot-chat/earshot"
)

// isStaff tells whether the user belongs to the staff, who enter staff-only rooms and make them.
func isStaff(u *earshot.User) bool { return u.IsStaff || u.IsSuperuser }

// mayEnter is the rule of who hears: nil if the user may enter the room, CodeNotFound otherwise. It is the same answer
// as for a room that does not exist, so that nobody learns of a room by trying ids.
func (h *Hub) mayEnter(ctx context.Context, u *earshot.User, r *earshot.Room) error {
	allowed := false
	switch r.Access {
	case earshot.AccessPublic:
		allowed = true
	case earshot.AccessStaff:
		allowed = isStaff(u)
	case earshot.AccessPrivate:
		if r.Owner == u.ID {
			allowed = true
			break
		}
		member, err := h.members.IsMember(ctx, r.ID, u.ID)
		if err != nil {
			return err
		}
		allowed = member
	}
	if !u.IsActive || !allowed {
		return errNoRoom()
	}
	return nil
}

// mayKnow is the rule of who is told that a room exists: those who may enter it, and those who look after all rooms.
func (h *Hub) mayKnow(ctx context.Context, u *earshot.User, r *earshot.Room) error {
	if knowsAll(u) {
		return nil
	}
	return h.mayEnter(ctx, u, r)
}

// knowsAll tells whether the user may know of every room.
func knowsAll(u *earshot.User) bool {
	return u.All()&earshot.PermissionsOf(earshot.PermViewRoom, earshot.PermChangeRoom, earshot.PermDeleteRoom, earshot.PermModerateRoom) != 0
}

// rule is a rule of what a user may do with a room.
type rule func(context.Context, *earshot.User, *earshot.Room) error

// owns is the rule of who does to a room what only its owner may, and those who have one of the permissions.
func (h *Hub) owns(permissions ...earshot.Permission) rule {
	return func(ctx context.Context, u *earshot.User, r *earshot.Room) error {
		if err := h.mayKnow(ctx, u, r); err != nil {
			return err
		}
		if r.Owner == u.ID && u.ID != 0 {
			return nil
		}
		for _, p := range permissions {
			if u.May(p) {
				return nil
			}
		}
		return earshot.Errorf(earshot.CodeForbidden, "Only the room's owner and those who look after rooms may do this.")
	}
}

// maxOwned is how many rooms the user may own to make another, 0 for any number.
func (h *Hub) maxOwned(u *earshot.User) int {
	if u.May(earshot.PermAddRoom) {
		return 0
	}
	return h.cfg.RoomsPerUser
}

// MayCreateRooms tells whether the user may create rooms.
func (h *Hub) MayCreateRooms(u earshot.User) bool {
	return h.cfg.CreateRooms == CreateEveryone || u.May(earshot.PermAddRoom)
}
