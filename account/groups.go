package account

import (
	"context"
	"strings"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/names"
)

// CreateGroup makes a group. Errors: CodeInvalid, and CodeConflict for a name that is taken, with the field "group".
func (s *Service) CreateGroup(ctx context.Context, name string, permissions earshot.PermissionSet) (earshot.Group, error) {
	name, err := groupName(name)
	if err != nil {
		return earshot.Group{}, err
	}
	group := earshot.Group{Name: name, Permissions: permissions}
	group.ID, err = s.stores.Groups.CreateGroup(ctx, group, names.Key(name),
		earshot.Entry(ctx, earshot.VerbCreateGroup, name, "grant", permissionNames(permissions)))
	if err != nil {
		return earshot.Group{}, err
	}
	return group, nil
}

// groupName gives the form in which a group's name is kept.
func groupName(name string) (string, error) {
	if len(name) <= earshot.MaxGroupName*16 { // normalising costs time
		name = strings.TrimSpace(names.Normalize(name))
	}
	group := earshot.Group{Name: name}
	return name, group.Validate()
}

// Group gives the group of a name, in whatever case or form it is written; CodeNotFound if there is none.
func (s *Service) Group(ctx context.Context, name string) (earshot.Group, error) {
	if len(name) > earshot.MaxGroupName*16 {
		return earshot.Group{}, earshot.Errorf(earshot.CodeNotFound, "There is no such group.")
	}
	return s.stores.Groups.GroupByName(ctx, names.Key(strings.TrimSpace(name)))
}

// groupsNamed gives the groups of the names in all lists, one after the other. CodeInvalid with the field "groups" names the
// first that is not there.
func (s *Service) groupsNamed(ctx context.Context, lists ...[]string) ([]earshot.Group, error) {
	var groups []earshot.Group
	for _, names := range lists {
		for _, name := range names {
			group, err := s.Group(ctx, name)
			if isCode(err, earshot.CodeNotFound) {
				return nil, earshot.FieldError("groups", "There is no group %.50q.", name)
			}
			if err != nil {
				return nil, err
			}
			groups = append(groups, group)
		}
	}
	return groups, nil
}

// Groups gives all groups by name.
func (s *Service) Groups(ctx context.Context) ([]earshot.Group, error) {
	return s.stores.Groups.Groups(ctx)
}

// GroupsOf gives the groups of a user by name.
func (s *Service) GroupsOf(ctx context.Context, user earshot.UserID) ([]earshot.Group, error) {
	return s.stores.Groups.GroupsOf(ctx, user)
}

// idsOf gives the groups' numbers.
func idsOf(groups []earshot.Group) []earshot.GroupID {
	ids := make([]earshot.GroupID, len(groups))
	for i := range groups {
		ids[i] = groups[i].ID
	}
	return ids
}

// GroupEdit is what is to be changed about a group.
type GroupEdit struct {
	// Name is another name; nil leaves it.
	Name *string
	// Grant are the permissions that its members get, Revoke those that are taken.
	Grant, Revoke earshot.PermissionSet
}

// ChangeGroup changes the group of a name, for all its members at once. Errors: CodeNotFound; CodeInvalid, and CodeConflict for a
// name that is taken, with the field "group".
func (s *Service) ChangeGroup(ctx context.Context, name string, edit GroupEdit) (earshot.Group, error) {
	group, err := s.Group(ctx, name)
	if err != nil {
		return earshot.Group{}, err
	}
	before := group.Name
	change := earshot.GroupChange{Grant: edit.Grant, Revoke: edit.Revoke}
	details := []string{"grant", permissionNames(edit.Grant), "revoke", permissionNames(edit.Revoke)}
	if edit.Name != nil {
		if group.Name, err = groupName(*edit.Name); err != nil {
			return earshot.Group{}, err
		}
		change.Name, change.Key = group.Name, names.Key(group.Name)
		details = append(details, "name", group.Name)
	}
	if err := s.stores.Groups.ChangeGroup(ctx, group.ID, change, earshot.Entry(ctx, earshot.VerbChangeGroup, before, details...)); err != nil {
		return earshot.Group{}, err
	}
	group.Permissions = (group.Permissions | edit.Grant) &^ edit.Revoke
	return group, nil
}

// DeleteGroup removes the group of a name; its members lose what they had through it.
func (s *Service) DeleteGroup(ctx context.Context, name string) error {
	group, err := s.Group(ctx, name)
	if err != nil {
		return err
	}
	return s.stores.Groups.DeleteGroup(ctx, group.ID, earshot.Entry(ctx, earshot.VerbDeleteGroup, group.Name))
}

// SetGroupMember puts a user into a group, or takes the user out; no error where that is so already.
func (s *Service) SetGroupMember(ctx context.Context, name, username string, member bool) error {
	group, err := s.Group(ctx, name)
	if err != nil {
		return err
	}
	user, err := s.UserByName(ctx, username)
	if err != nil {
		return err
	}
	verb := earshot.VerbRemoveFromGroup
	if member {
		verb = earshot.VerbAddToGroup
	}
	return s.stores.Groups.SetGroupMember(ctx, group.ID, user.ID, member, earshot.Entry(ctx, verb, user.Username, "group", group.Name))
}
