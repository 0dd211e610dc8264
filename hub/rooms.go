package hub

import (
	"context"
	"slices"
	"time"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/names"
)

// Listing is a room with how many are inside now.
type Listing struct {
	earshot.Room
	Occupants int
}

// FoundListing is the same of a room that was looked for.
type FoundListing struct {
	Listing
	// OwnerName is the owner's username; empty for a room that is nobody's.
	OwnerName string
}

// Rooms gives the rooms that the user may enter, by name.
func (h *Hub) Rooms(ctx context.Context, by earshot.User) ([]Listing, error) {
	rooms, err := h.rooms.Rooms(ctx)
	if err != nil {
		return nil, err
	}
	memberOf, err := h.members.MemberRooms(ctx, by.ID)
	if err != nil {
		return nil, err
	}
	member := make(map[earshot.RoomID]bool, len(memberOf))
	for _, id := range memberOf {
		member[id] = true
	}
	listings := make([]Listing, 0, len(rooms))
	for i := range rooms {
		r := &rooms[i]
		// The members were asked for once, above: a query for each private room would make the list slow.
		if r.Access == earshot.AccessPrivate && r.Owner != by.ID {
			if !member[r.ID] || !by.IsActive {
				continue
			}
		} else if h.mayEnter(ctx, &by, r) != nil {
			continue
		}
		listings = append(listings, h.listing(*r))
	}
	return listings, nil
}

// FindRooms gives a page of all rooms that fit the query, by name, to somebody who may know of every room. Search, Key and
// After are as somebody typed them. Errors: CodeForbidden.
func (h *Hub) FindRooms(ctx context.Context, by earshot.User, query earshot.RoomQuery) ([]FoundListing, error) {
	if !knowsAll(&by) {
		return nil, earshot.Errorf(earshot.CodeForbidden, "Only those who look after rooms see all of them.")
	}
	query.Search, query.Key, query.After = names.Key(string(query.Search)), names.Key(string(query.Key)), names.Key(string(query.After))
	rooms, err := h.rooms.FindRooms(ctx, query)
	if err != nil {
		return nil, err
	}
	listings := make([]FoundListing, len(rooms))
	for i := range rooms {
		listings[i] = FoundListing{Listing: h.listing(rooms[i].Room), OwnerName: rooms[i].OwnerName}
	}
	return listings, nil
}

// Room gives one room. Errors: CodeNotFound, also where the user may not know of it.
func (h *Hub) Room(ctx context.Context, by earshot.User, id earshot.RoomID) (Listing, error) {
	r, err := h.known(ctx, by, id)
	if err != nil {
		return Listing{}, err
	}
	return h.listing(r), nil
}

// CreateRoom makes a room that the user owns. Errors: CodeForbidden, CodeInvalid, CodeConflict for a name that is taken,
// CodeLimit for somebody without PermAddRoom who owns Config.RoomsPerUser rooms already.
func (h *Hub) CreateRoom(ctx context.Context, by earshot.User, room earshot.Room) (earshot.Room, error) {
	if !h.MayCreateRooms(by) {
		return earshot.Room{}, earshot.Errorf(earshot.CodeForbidden, "On this server, only those who look after rooms create them.")
	}
	if room.Access == earshot.AccessStaff && !isStaff(&by) {
		return earshot.Room{}, earshot.Errorf(earshot.CodeForbidden, "Only staff can make a staff-only room.")
	}
	room.ID, room.Owner = 0, by.ID
	return addRoom(ctx, h.rooms, room, h.maxOwned(&by))
}

// addRoom normalises, checks and keeps a room, for an owner who may have so many; 0 is any number.
func addRoom(ctx context.Context, rooms earshot.RoomStore, room earshot.Room, most int) (earshot.Room, error) {
	room.Name = names.Normalize(room.Name)
	if err := room.Validate(); err != nil {
		return earshot.Room{}, err
	}
	room.CreatedAt = time.Now().UTC().Truncate(time.Millisecond)
	entry := earshot.Entry(ctx, earshot.VerbCreateRoom, room.Name, "access", string(room.Access))
	id, err := rooms.CreateRoom(ctx, room, names.Key(room.Name), most, entry)
	if err != nil {
		return earshot.Room{}, err
	}
	room.ID = id
	return room, nil
}

// RoomChange is what is to be changed; nil leaves a field as it is.
type RoomChange struct {
	Title  *string
	Topic  *string
	Access *earshot.Access
	Slow   *int
	Lock   *earshot.Lock
	// Owner is whose the room is to be; nobody's for the zero user.
	Owner *earshot.User
}

// ofOrder tells that nothing but how order is kept is to be changed.
func (c *RoomChange) ofOrder() bool {
	return c.Title == nil && c.Topic == nil && c.Access == nil && c.Owner == nil
}

// ChangeRoom changes a room and tells those inside; those who may no longer enter are put out at once. Slow mode and lock are
// also for those who keep order; whose the room is, only for those with earshot.PermChangeRoom: nobody is given a room, which
// counts among theirs, by somebody like them. Errors: CodeNotFound, CodeForbidden, CodeInvalid.
func (h *Hub) ChangeRoom(ctx context.Context, by earshot.User, id earshot.RoomID, change RoomChange) (Listing, error) {
	check := h.owns(earshot.PermChangeRoom)
	if change.ofOrder() {
		check = h.owns(earshot.PermChangeRoom, earshot.PermModerateRoom)
	}
	room, err := h.allowed(ctx, by, id, check)
	if err != nil {
		return Listing{}, err
	}
	if change.Owner != nil && !by.May(earshot.PermChangeRoom) {
		return Listing{}, earshot.Errorf(earshot.CodeForbidden, "Only those who look after all rooms give a room to somebody.")
	}
	before := room
	change.apply(&room)
	if room.Access != before.Access && room.Access == earshot.AccessStaff && !isStaff(&by) {
		return Listing{}, earshot.Errorf(earshot.CodeForbidden, "Only staff can make a room staff-only.")
	}
	if err := room.Validate(); err != nil {
		return Listing{}, err
	}
	if change.Owner != nil {
		if err := mayBeOwner(ctx, h.sanctions, &room, change.Owner); err != nil {
			return Listing{}, err
		}
	}
	entry := earshot.Entry(ctx, earshot.VerbChangeRoom, room.Name, change.changesOf()...)
	if err := h.rooms.UpdateRoom(ctx, room, entry); err != nil {
		return Listing{}, err
	}
	if err := h.tellChange(ctx, room, before.Access != room.Access || before.Owner != room.Owner); err != nil {
		return Listing{}, err
	}
	return h.listing(room), nil
}

// apply writes the change into the room.
func (c *RoomChange) apply(room *earshot.Room) {
	room.Title, room.Topic, room.Access = orElse(c.Title, room.Title), orElse(c.Topic, room.Topic), orElse(c.Access, room.Access)
	room.Slow, room.Lock = orElse(c.Slow, room.Slow), orElse(c.Lock, room.Lock)
	if c.Owner != nil {
		room.Owner = c.Owner.ID
	}
}

// mayBeOwner is the rule of whose a room can be: nobody's, or that of somebody who can be in it. CodeInvalid with the field
// "owner".
func mayBeOwner(ctx context.Context, sanctions earshot.SanctionStore, room *earshot.Room, owner *earshot.User) error {
	switch {
	case owner.ID == 0:
		return nil
	case !owner.IsActive:
		return earshot.FieldError("owner", "This account is not active.")
	case room.Access == earshot.AccessStaff && !isStaff(owner):
		return earshot.FieldError("owner", "A staff-only room can only be that of somebody on the staff.")
	case sanctions == nil:
		return nil
	}
	banned, err := sanctions.Sanctions(ctx, room.ID, earshot.SanctionBan, time.Now(), "", 0)
	if err != nil {
		return err
	}
	for i := range banned {
		if banned[i].User.ID == owner.ID {
			return earshot.FieldError("owner", "This user is banned from the room: lift that first.")
		}
	}
	return nil
}

func orElse[T any](p *T, otherwise T) T {
	if p == nil {
		return otherwise
	}
	return *p
}

// tellChange brings a change that the store has to the live room.
func (h *Hub) tellChange(ctx context.Context, room earshot.Room, access bool) error {
	live := h.hold(room.ID)
	if live == nil {
		return nil
	}
	defer h.release(live)
	live.newRules(&room)
	// The change itself is a secret of those who may still enter: the others go first.
	if access {
		if err := live.putOut(ctx, &room); err != nil {
			return err
		}
	}
	_, err := h.relay.Publish(ctx, &earshot.Event{
		Kind: earshot.KindRoomChanged, Room: room.ID, At: time.Now().Truncate(time.Millisecond), Changed: &room,
	})
	return err
}

// DeleteRoom deletes a room and tells those inside. Errors: CodeNotFound, CodeForbidden.
func (h *Hub) DeleteRoom(ctx context.Context, by earshot.User, id earshot.RoomID) error {
	room, err := h.allowed(ctx, by, id, h.owns(earshot.PermDeleteRoom))
	if err != nil {
		return err
	}
	if err := h.rooms.DeleteRoom(ctx, id, earshot.Entry(ctx, earshot.VerbDeleteRoom, room.Name)); err != nil {
		return err
	}
	if live := h.hold(id); live != nil {
		defer h.release(live)
		err = live.close(ctx)
	}
	return err
}

// close tells those inside that the room was deleted, once, and empties it.
func (r *room) close(ctx context.Context) error {
	_, err := r.hub.relay.Publish(ctx, &earshot.Event{Kind: earshot.KindRoomClosed, Room: r.id, At: time.Now().Truncate(time.Millisecond)})
	r.shut()
	return err
}

// Members gives who may enter a private room besides its owner, by name. Errors: CodeNotFound.
func (h *Hub) Members(ctx context.Context, by earshot.User, id earshot.RoomID) ([]earshot.UserRef, error) {
	if _, err := h.known(ctx, by, id); err != nil {
		return nil, err
	}
	users, err := h.members.Members(ctx, id)
	if err != nil {
		return nil, err
	}
	refs := make([]earshot.UserRef, len(users))
	for i := range users {
		refs[i] = users[i].Ref()
	}
	return refs, nil
}

// AddMember lets the user into a private room. Errors: CodeNotFound, CodeForbidden.
func (h *Hub) AddMember(ctx context.Context, by earshot.User, id earshot.RoomID, user earshot.User) error {
	room, err := h.allowed(ctx, by, id, h.owns(earshot.PermChangeRoom))
	if err != nil {
		return err
	}
	return h.members.AddMember(ctx, id, user.ID, earshot.Entry(ctx, earshot.VerbAddMember, user.Username).In(room.Name))
}

// RemoveMember takes the right to enter a private room from the user, whose sessions leave it at once; one may remove
// oneself. Errors: CodeNotFound, CodeForbidden, CodeConflict for the owner.
func (h *Hub) RemoveMember(ctx context.Context, by earshot.User, id earshot.RoomID, user earshot.User) error {
	check := h.owns(earshot.PermChangeRoom, earshot.PermModerateRoom)
	if by.ID == user.ID {
		check = h.mayKnow
	}
	room, err := h.allowed(ctx, by, id, check)
	if err != nil {
		return err
	}
	if user.ID == room.Owner {
		return errOwnerStays()
	}
	entry := earshot.Entry(ctx, earshot.VerbRemoveMember, user.Username).In(room.Name)
	if err := h.members.RemoveMember(ctx, id, user.ID, entry); err != nil {
		return err
	}
	if live := h.hold(id); live != nil {
		defer h.release(live)
		live.newRules(&room)
		err = live.putOut(ctx, &room, user.ID)
	}
	return err
}

func errOwnerStays() error {
	return earshot.Errorf(earshot.CodeConflict, "The owner may always enter the room and cannot be taken out of it.")
}

// known gives a room that the user may know of.
func (h *Hub) known(ctx context.Context, by earshot.User, id earshot.RoomID) (earshot.Room, error) {
	return h.allowed(ctx, by, id, h.mayKnow)
}

// allowed gives a room with which the rule lets the user do something.
func (h *Hub) allowed(ctx context.Context, by earshot.User, id earshot.RoomID, may rule) (earshot.Room, error) {
	r, err := h.rooms.Room(ctx, id)
	if earshot.CodeOf(err) == earshot.CodeNotFound {
		return earshot.Room{}, errNoRoom() // to the letter what a room answers that one may not know of
	}
	if err != nil {
		return earshot.Room{}, err
	}
	return r, may(ctx, &by, &r)
}

func (h *Hub) listing(r earshot.Room) Listing {
	live := h.hold(r.ID)
	if live == nil {
		return Listing{Room: r}
	}
	defer h.release(live)
	return Listing{Room: r, Occupants: live.count()}
}

// newRules notes that who may enter or speak has changed: a join that was checked before is checked again.
func (r *room) newRules(info *earshot.Room) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.info.Access, r.info.Owner, r.info.Slow, r.info.Lock = info.Access, info.Owner, info.Slow, info.Lock
	r.settings(info)
	r.rules++
}

// putOut puts out everyone who may no longer enter, or, where some are named, those of them.
func (r *room) putOut(ctx context.Context, info *earshot.Room, of ...earshot.UserID) error {
	refused := make(map[*Session]bool)
	var failed error
	for _, s := range r.inside() {
		if len(of) > 0 && !slices.Contains(of, s.info.ref.ID) {
			continue
		}
		user := s.user.now().user()
		err := r.hub.mayEnter(ctx, &user, info)
		if err == nil {
			continue
		}
		// Where the store does not answer, nobody is known to have the right: out, rather than hear what is not theirs.
		refused[s] = true
		if earshot.CodeOf(err) != earshot.CodeNotFound {
			failed = err
		}
	}
	why := earshot.Errorf(earshot.CodeForbidden, "You may no longer be in this room.")
	r.evict(func(s *Session) bool { return refused[s] }, why)
	return failed
}

// shut empties a room that was closed. Those inside were told by the event; it goes out to them first.
func (r *room) shut() {
	r.mu.Lock()
	r.closed = true
	r.mu.Unlock()
	r.evict(func(*Session) bool { return true }, nil)
}
