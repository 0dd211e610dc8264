package hub

import (
	"context"
	"time"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/names"
)

// Operator does to rooms what whoever runs the server does on its machine: nobody's permission is asked. It works on the store; a
// server that runs acts on it at its next Follow.
type Operator struct {
	Rooms     earshot.RoomStore
	Members   earshot.MemberStore
	Sanctions earshot.SanctionStore
}

// CreateRoom normalises, checks and keeps a room. Errors: CodeInvalid, CodeConflict for a name that is taken.
func (o Operator) CreateRoom(ctx context.Context, room earshot.Room) (earshot.Room, error) {
	return addRoom(ctx, o.Rooms, room, 0)
}

// Room gives the room of a name, in whatever case or form it is written, and who owns it; CodeNotFound if there is none.
func (o Operator) Room(ctx context.Context, name string) (earshot.FoundRoom, error) {
	const longest = earshot.MaxRoomName * 16 // bytes: normalising costs time
	if name != "" && len(name) <= longest {
		found, err := o.Rooms.FindRooms(ctx, earshot.RoomQuery{Key: names.Key(name), Limit: 1})
		if err != nil {
			return earshot.FoundRoom{}, err
		}
		if len(found) > 0 {
			return found[0], nil
		}
	}
	return earshot.FoundRoom{}, errNoRoom()
}

// Change changes a room. Errors: CodeInvalid, CodeNotFound for one that was deleted meanwhile.
func (o Operator) Change(ctx context.Context, room earshot.Room, change RoomChange) (earshot.Room, error) {
	change.apply(&room)
	if err := room.Validate(); err != nil {
		return earshot.Room{}, err
	}
	if change.Owner != nil {
		if err := mayBeOwner(ctx, o.Sanctions, &room, change.Owner); err != nil {
			return earshot.Room{}, err
		}
	}
	return room, o.Rooms.UpdateRoom(ctx, room, earshot.Entry(ctx, earshot.VerbChangeRoom, room.Name, change.changesOf()...))
}

// Delete deletes a room. CodeNotFound for one that was deleted meanwhile.
func (o Operator) Delete(ctx context.Context, room earshot.Room) error {
	return o.Rooms.DeleteRoom(ctx, room.ID, earshot.Entry(ctx, earshot.VerbDeleteRoom, room.Name))
}

// AddMember lets the user into the room where it is private. One who is a member already is no error.
func (o Operator) AddMember(ctx context.Context, room earshot.Room, user earshot.User) error {
	return o.Members.AddMember(ctx, room.ID, user.ID, earshot.Entry(ctx, earshot.VerbAddMember, user.Username).In(room.Name))
}

// RemoveMember takes that from the user. One who is no member is no error. CodeConflict for the room's owner.
func (o Operator) RemoveMember(ctx context.Context, room earshot.Room, user earshot.User) error {
	if user.ID == room.Owner {
		return errOwnerStays()
	}
	return o.Members.RemoveMember(ctx, room.ID, user.ID, earshot.Entry(ctx, earshot.VerbRemoveMember, user.Username).In(room.Name))
}

// Sanction bans the user from the room, or mutes the user in it, until a time. Errors: CodeConflict for the room's owner,
// CodeInvalid, CodeLimit.
func (o Operator) Sanction(
	ctx context.Context, room earshot.Room, kind earshot.SanctionKind, user earshot.User, until time.Time, reason string,
) (earshot.Sanction, error) {
	if room.Owner == user.ID {
		return earshot.Sanction{}, errOwner()
	}
	if err := earshot.ValidateReason(reason); err != nil {
		return earshot.Sanction{}, err
	}
	s := earshot.Sanction{
		Kind: kind, Room: room.ID, User: user.Ref(), At: time.Now().UTC().Truncate(time.Millisecond), Until: until, Reason: reason,
	}
	return s, o.Sanctions.PutSanction(ctx, s, sanctionEntry(ctx, &s, room.Name))
}

// Lift ends a ban from the room or a mute in it. CodeNotFound if there is none that holds.
func (o Operator) Lift(ctx context.Context, room earshot.Room, kind earshot.SanctionKind, user earshot.User) (earshot.Sanction, error) {
	all, err := o.Sanctioned(ctx, room, kind)
	if err != nil {
		return earshot.Sanction{}, err
	}
	for i := range all {
		if all[i].User.ID == user.ID {
			return all[i], o.Sanctions.LiftSanction(ctx, kind, room.ID, user.ID, liftEntry(ctx, kind, user.Username, room.Name))
		}
	}
	return earshot.Sanction{}, earshot.Errorf(earshot.CodeNotFound, "There is no such %s.", kind)
}

// Sanctioned gives who is banned from the room now, or muted in it, by name.
func (o Operator) Sanctioned(ctx context.Context, room earshot.Room, kind earshot.SanctionKind) ([]earshot.Sanction, error) {
	return o.Sanctions.Sanctions(ctx, room.ID, kind, time.Now(), "", 0)
}
