package account

import (
	"context"
	"crypto/sha256"
	"fmt"
	"sort"
	"strings"
	"unicode"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/names"
)

// ImportReport says what an import did, or would do.
type ImportReport struct {
	Users  ImportCounts `json:"users"`
	Groups ImportCounts `json:"groups"`
	Rooms  ImportCounts `json:"rooms"`
	// LeftOut is what was not taken over, or not as it was, in the order in which it was come upon.
	LeftOut []LeftOut `json:"left_out"`
}

// ImportCounts says how many.
type ImportCounts struct {
	Created   int `json:"created"`
	Updated   int `json:"updated"`
	Unchanged int `json:"unchanged"`
	LeftOut   int `json:"left_out"`
}

// LeftOut is something that was not taken over, and why.
type LeftOut struct {
	// Kind is user, group, room, or what of a user it is: password, email, display_name, name; or permission.
	Kind string `json:"kind"`
	// Foreign is its number there; zero for permissions, which have names.
	Foreign int64  `json:"id,omitzero"`
	Name    string `json:"name"`
	Why     string `json:"why"`
}

// importer makes a plan.
type importer struct {
	service *Service
	earlier map[earshot.ImportKind]map[int64]earshot.Imported
	plan    earshot.Plan
	report  ImportReport
	// What is taken, in the store or by the plan.
	userKeys map[earshot.NameKey]bool
	roomKeys map[earshot.NameKey]bool
	// staff are the skeletons of those of the plan who are staff.
	staff map[string]earshot.NameKey
	// groups are those that users can be put into.
	groups map[int64]bool
}

// Import takes over what another program has: all that can be had or nothing, in one transaction. It can be done again:
// what has not changed there since is left as it is here, whatever has changed here; what has changed there is written again,
// but for the name; what was deleted here does not come back. A user, group or room whose name is taken here by one that
// was not imported is left out. With dryRun nothing is written.
//
// Names are held to the rules of sign-up. Hashes of passwords are taken as they are, and made anew at log-in; a user whose
// hash cannot be used has no password here.
func (s *Service) Import(ctx context.Context, store earshot.ImportStore, rooms earshot.RoomStore, from earshot.Foreign, dryRun bool) (ImportReport, error) {
	im := &importer{
		service: s, userKeys: map[earshot.NameKey]bool{}, roomKeys: map[earshot.NameKey]bool{}, staff: map[string]earshot.NameKey{},
		groups: map[int64]bool{}, earlier: map[earshot.ImportKind]map[int64]earshot.Imported{
			earshot.ImportUser: {}, earshot.ImportGroup: {}, earshot.ImportRoom: {},
		},
		report: ImportReport{LeftOut: []LeftOut{}},
	}
	earlier, err := store.Imported(ctx)
	if err != nil {
		return ImportReport{}, err
	}
	for _, i := range earlier {
		if kind := im.earlier[i.Kind]; kind != nil {
			kind[i.Foreign] = i
		}
	}
	if err := im.groupsOf(ctx, from.Groups); err != nil {
		return ImportReport{}, err
	}
	if err := im.usersOf(ctx, from.Users); err != nil {
		return ImportReport{}, err
	}
	if err := im.roomsOf(ctx, rooms, from.Rooms); err != nil {
		return ImportReport{}, err
	}
	im.permissionsOf(from.Dropped)
	if dryRun {
		return im.report, nil
	}
	done := func(c ImportCounts) string { return fmt.Sprintf("%d created, %d updated", c.Created, c.Updated) }
	entry := earshot.Entry(ctx, earshot.VerbImport, "",
		"users", done(im.report.Users), "groups", done(im.report.Groups), "rooms", done(im.report.Rooms))
	if err := store.Import(ctx, im.plan, entry); err != nil {
		return ImportReport{}, err
	}
	return im.report, nil
}

// leaveOut notes what is not taken over.
func (im *importer) leaveOut(kind string, foreign int64, name, why string) {
	const shown = 200 // runes: enough of a name
	if runes := []rune(strings.ToValidUTF8(name, "\uFFFD")); len(runes) > shown {
		name = string(runes[:shown]) + "…"
	}
	im.report.LeftOut = append(im.report.LeftOut, LeftOut{Kind: kind, Foreign: foreign, Name: strings.ToValidUTF8(name, "\uFFFD"), Why: why})
}

// count counts what becomes of something: it is made, brought up to date, or nothing. True if there is something to do.
func count(counts *ImportCounts, earlier earshot.Imported, fresh earshot.SecretHash) bool {
	switch {
	case earlier.Own == 0:
		counts.Created++
	case earlier.Print != fresh:
		counts.Updated++
	default:
		counts.Unchanged++
		return false
	}
	return true
}

// printOf is a fingerprint of values.
func printOf(values ...any) earshot.SecretHash { return sha256.Sum256(fmt.Appendf(nil, "%q", values)) }

// deletedHere is why something does not come back.
const deletedHere = "it was imported earlier, and deleted here since"

func (im *importer) groupsOf(ctx context.Context, groups []earshot.ForeignGroup) error {
	seen := map[earshot.NameKey]bool{}
	own, err := im.service.Groups(ctx)
	if err != nil {
		return err
	}
	there := map[earshot.GroupID]bool{}
	for i := range own {
		there[own[i].ID] = true
		seen[names.Key(own[i].Name)] = true
	}
	for i := range groups {
		g := groups[i]
		name := strings.TrimSpace(names.Normalize(g.Name))
		earlier, known := im.earlier[earshot.ImportGroup][g.Foreign]
		why := ""
		if known {
			if !there[earshot.GroupID(earlier.Own)] {
				why = deletedHere
			}
		} else if g.Name = name; g.Validate() != nil {
			why = g.Validate().Error()
		} else if seen[names.Key(name)] {
			why = "there is a group of that name"
		}
		if why != "" {
			im.report.Groups.LeftOut++
			im.leaveOut("group", g.Foreign, groups[i].Name, why)
			continue
		}
		seen[names.Key(name)] = true
		im.groups[g.Foreign] = true
		mark := earshot.Imported{Kind: earshot.ImportGroup, Foreign: g.Foreign, Own: earlier.Own, Print: printOf(g.Permissions.List())}
		if count(&im.report.Groups, earlier, mark.Print) {
			im.plan.Groups = append(im.plan.Groups, earshot.PlannedGroup{Imported: mark, Group: g.Group, Key: names.Key(name)})
		}
	}
	return nil
}

func (im *importer) usersOf(ctx context.Context, users []earshot.ForeignUser) error {
	// Staff first: others may not look like them. Then the oldest of those whose names are the same here.
	users = append([]earshot.ForeignUser(nil), users...)
	sort.SliceStable(users, func(i, j int) bool {
		a, b := &users[i], &users[j]
		if isStaff(&a.User) != isStaff(&b.User) {
			return isStaff(&a.User)
		}
		return a.Foreign < b.Foreign
	})
	for i := range users {
		if err := im.user(ctx, &users[i]); err != nil {
			return err
		}
	}
	return nil
}

func isStaff(u *earshot.User) bool { return u.IsStaff || u.IsSuperuser }

// user plans one user.
func (im *importer) user(ctx context.Context, f *earshot.ForeignUser) error {
	raw, password := f.Username, f.Password
	mark := earshot.Imported{Kind: earshot.ImportUser, Foreign: f.Foreign, Password: printOf(string(password))}
	mark.Print = printOf(f.Username, f.Email, f.DisplayName, string(password), f.IsActive, f.IsStaff, f.IsSuperuser, f.Permissions.List(), f.Groups)
	earlier, known := im.earlier[earshot.ImportUser][f.Foreign]
	planned := earshot.PlannedUser{NewUser: earshot.NewUser{User: f.User}}
	var why string
	var err error
	if known {
		why, err = im.again(ctx, &planned, earlier, raw)
		mark.Own = earlier.Own
		planned.KeepPassword = earlier.Password == mark.Password
	} else {
		why, err = im.name(ctx, &planned)
	}
	if err != nil {
		return err
	}
	if why != "" {
		im.report.Users.LeftOut++
		im.leaveOut("user", f.Foreign, raw, why)
		return nil
	}
	im.userKeys[planned.Keys.Name] = true
	if isStaff(&planned.User) {
		im.staff[planned.Keys.Skeleton] = planned.Keys.Name
	}
	if !count(&im.report.Users, earlier, mark.Print) {
		return nil
	}
	im.details(f, raw, &planned)
	planned.Imported = mark
	im.plan.Users = append(im.plan.Users, planned)
	return nil
}

// again is for a user who was imported earlier, and has the name of then.
func (im *importer) again(ctx context.Context, planned *earshot.PlannedUser, earlier earshot.Imported, raw string) (why string, err error) {
	own, err := im.service.stores.Users.User(ctx, earshot.UserID(earlier.Own))
	if isCode(err, earshot.CodeNotFound) {
		return deletedHere, nil
	}
	if err != nil {
		return "", err
	}
	planned.Keys = earshot.UserKeys{Name: names.Key(own.Username), Skeleton: names.Skeleton(own.Username)}
	if planned.Keys.Name != names.Key(raw) {
		im.leaveOut("name", earlier.Foreign, raw, "the user was renamed there; the name here stays "+own.Username)
	}
	return "", nil
}

// name gives a new user a name, or says why there can be none.
func (im *importer) name(ctx context.Context, planned *earshot.PlannedUser) (why string, err error) {
	name, keys, err := checkName(planned.Username)
	if err != nil {
		return earshot.AsError(err).Message, nil
	}
	if im.userKeys[keys.Name] {
		return "the name is that of another user who is imported, but for its letters' case or form", nil
	}
	switch _, err := im.service.stores.Users.UserByName(ctx, keys.Name); {
	case err == nil:
		return "there is a user of that name here", nil
	case !isCode(err, earshot.CodeNotFound):
		return "", err
	}
	if !isStaff(&planned.User) {
		const alike = "the name is reserved, or looks like the name of somebody on the staff"
		if _, like := im.staff[keys.Skeleton]; like {
			return alike, nil
		}
		// Two others who look alike came with their names, and keep them.
		switch like, err := im.service.lookAlike(ctx, name, keys); {
		case err != nil:
			return "", err
		case like == likeStaff:
			return alike, nil
		}
	}
	planned.Username, planned.Keys = name, keys
	return "", nil
}

// details brings what else there is to a user into the form that is kept. What cannot be kept is left out of the user.
func (im *importer) details(f *earshot.ForeignUser, raw string, planned *earshot.PlannedUser) {
	if fault := HashFault(f.Password); fault != "" {
		planned.NewUser.Password = unusablePassword()
		im.leaveOut("password", f.Foreign, raw, fault)
	} else if !f.Password.Usable() {
		planned.NewUser.Password = unusablePassword()
	}
	if err := checkPerson(&planned.Email, nil); err != nil {
		planned.Email = ""
		im.leaveOut("email", f.Foreign, raw, earshot.AsError(err).Message)
	}
	planned.EmailConfirmed = planned.Email != ""
	if err := checkPerson(nil, &planned.DisplayName); err != nil {
		planned.DisplayName = ""
		im.leaveOut("display_name", f.Foreign, raw, earshot.AsError(err).Message)
	}
	if planned.DateJoined.IsZero() {
		planned.DateJoined = now()
	}
	for _, g := range f.Groups {
		if im.groups[g] {
			planned.Groups = append(planned.Groups, g)
		}
	}
}

func (im *importer) roomsOf(ctx context.Context, store earshot.RoomStore, rooms []earshot.ForeignRoom) error {
	own, err := store.Rooms(ctx)
	if err != nil {
		return err
	}
	there := map[earshot.RoomID]bool{}
	for i := range own {
		there[own[i].ID] = true
		im.roomKeys[names.Key(own[i].Name)] = true
	}
	for _, r := range rooms {
		access := earshot.AccessPublic
		if r.StaffOnly {
			access = earshot.AccessStaff
		}
		room := earshot.Room{Title: strings.TrimSpace(r.Title), Access: access, CreatedAt: now()}
		earlier, known := im.earlier[earshot.ImportRoom][r.Foreign]
		room.Name = im.roomName(&r)
		why := ""
		if known && !there[earshot.RoomID(earlier.Own)] {
			why = deletedHere
		} else if err := room.Validate(); err != nil {
			why = earshot.AsError(err).Message
		} else if !known && im.roomKeys[names.Key(room.Name)] {
			why = "there is a room of that name here"
		}
		if why != "" {
			im.report.Rooms.LeftOut++
			im.leaveOut("room", r.Foreign, r.Title, why)
			continue
		}
		mark := earshot.Imported{Kind: earshot.ImportRoom, Foreign: r.Foreign, Own: earlier.Own, Print: printOf(room.Title, room.Access)}
		if !known {
			im.roomKeys[names.Key(room.Name)] = true
		}
		if count(&im.report.Rooms, earlier, mark.Print) {
			im.plan.Rooms = append(im.plan.Rooms, earshot.PlannedRoom{Imported: mark, Room: room, Key: names.Key(room.Name)})
		}
	}
	return nil
}

// roomName makes a name of a title, which may be anything: its letters and digits, with dashes between the words. Where
// nothing is left of it, or the name is taken, the room's number there goes with it.
func (im *importer) roomName(r *earshot.ForeignRoom) string {
	words := strings.FieldsFunc(names.Normalize(r.Title), func(c rune) bool {
		return !unicode.IsLetter(c) && !unicode.IsNumber(c) && !unicode.Is(unicode.M, c)
	})
	name := strings.ToLower(strings.Join(words, "-"))
	if runes := []rune(name); len(runes) > earshot.MaxRoomName-20 {
		name = string(runes[:earshot.MaxRoomName-20])
	}
	if earshot.ValidateRoomName(name) != nil {
		name = "room"
	}
	if _, known := im.earlier[earshot.ImportRoom][r.Foreign]; !known && (name == "room" || im.roomKeys[names.Key(name)]) {
		name = fmt.Sprintf("%s-%d", name, r.Foreign)
	}
	return name
}

// times says how often, in words.
func times(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

// permissionsOf tells of permissions without a counterpart.
func (im *importer) permissionsOf(dropped map[string]int) {
	list := make([]string, 0, len(dropped))
	for name := range dropped {
		list = append(list, name)
	}
	sort.Strings(list)
	for _, name := range list {
		im.leaveOut("permission", 0, name, fmt.Sprintf("there is no such permission here; it was granted %s", times(dropped[name])))
	}
}
