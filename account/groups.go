package account

import (
	"context"
	"strings"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/names"
)

// CreateGroup makes a group. Errors: CodeInvalid, and CodeConflict for a name that is taken, with the field "group".
func (s *Service) CreateGroup(ctx context.Context, name string, permissions earshot.PermissionSet) (earshot.Group, error) {
	group := earshot.Group{Permissions: permissions}
	if len(name) <= earshot.MaxGroupName*16 { // normalising costs time
		name = strings.TrimSpace(names.Normalize(name))
	}
	group.Name = name
	if err := group.Validate(); err != nil {
		return earshot.Group{}, err
	}
	id, err := s.stores.Groups.CreateGroup(ctx, group, names.Key(group.Name))
	if err != nil {
		return earshot.Group{}, err
	}
	group.ID = id
	return group, s.record(ctx, earshot.Entry(ctx, earshot.VerbCreateGroup, group.Name, "grant", permissionNames(permissions)))
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

// ChangeGroup grants permissions to the group of a name and takes others from it, for all its members at once.
func (s *Service) ChangeGroup(ctx context.Context, name string, grant, revoke earshot.PermissionSet) (earshot.Group, error) {
	group, err := s.Group(ctx, name)
	if err != nil {
		return earshot.Group{}, err
	}
	if err := s.stores.Groups.ChangeGroup(ctx, group.ID, grant, revoke); err != nil {
		return earshot.Group{}, err
	}
	group.Permissions = (group.Permissions | grant) &^ revoke
	return group, s.record(ctx, earshot.Entry(ctx, earshot.VerbChangeGroup, group.Name,
		"grant", permissionNames(grant), "revoke", permissionNames(revoke)))
}

// DeleteGroup removes the group of a name; its members lose what they had through it.
func (s *Service) DeleteGroup(ctx context.Context, name string) error {
	group, err := s.Group(ctx, name)
	if err != nil {
		return err
	}
	if err := s.stores.Groups.DeleteGroup(ctx, group.ID); err != nil {
		return err
	}
	return s.record(ctx, earshot.Entry(ctx, earshot.VerbDeleteGroup, group.Name))
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
	if err := s.stores.Groups.SetGroupMember(ctx, group.ID, user.ID, member); err != nil {
		return err
	}
	verb := earshot.VerbRemoveFromGroup
	if member {
		verb = earshot.VerbAddToGroup
	}
	return s.record(ctx, earshot.Entry(ctx, verb, user.Username, "group", group.Name))
}
