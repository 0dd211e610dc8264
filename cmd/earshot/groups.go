package main

import (
	"fmt"
	"text/tabwriter"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/account"
)

// groupArgs is a command about one group.
type groupArgs struct {
	storageFlags
	jsonFlag
	Group string `arg:"" help:"The group's name, in whatever case."`
}

// tell says what was done to the group.
func (a *groupArgs) tell(env *environment, group *earshot.Group, done string) error {
	if a.JSON {
		return printJSON(env.stdout, jsonOfGroup(group))
	}
	_, err := fmt.Fprintf(env.stdout, "Group %s %s.\n", group.Name, done)
	return err
}

// found gives the group.
func (a *groupArgs) found(env *environment, service *account.Service) (earshot.Group, error) {
	return groupNamed(env, service, a.Group)
}

// groupNamed gives the group of a name, or says which is not there.
func groupNamed(env *environment, service *account.Service, name string) (earshot.Group, error) {
	group, err := service.Group(env.ctx, name)
	if err != nil {
		err = fmt.Errorf("%s: %w", name, err)
	}
	return group, err
}

// wantGroups says which of the groups is not there, before anything is done with them.
func wantGroups(env *environment, service *account.Service, names []string) error {
	for _, name := range names {
		if _, err := groupNamed(env, service, name); err != nil {
			return err
		}
	}
	return nil
}

type groupCreateCmd struct {
	groupArgs
	Permissions []string `arg:"" optional:"" name:"permission" help:"Permissions that its members get."`
}

// Validate wants permissions that there are.
func (c *groupCreateCmd) Validate() error { return checkPermissions(c.Permissions) }

// Run creates the group.
func (c *groupCreateCmd) Run(env *environment) error {
	return withAccounts(env.ctx, c.Storage, func(service *account.Service) error {
		group, err := service.CreateGroup(env.ctx, c.Group, permissionSet(c.Permissions))
		if err != nil {
			return err
		}
		return c.tell(env, &group, "created")
	})
}

type groupListCmd struct {
	storageFlags
	jsonFlag
}

// Run lists the groups by name.
func (c *groupListCmd) Run(env *environment) error {
	return withAccounts(env.ctx, c.Storage, func(service *account.Service) error {
		groups, err := service.Groups(env.ctx)
		if err != nil {
			return err
		}
		if c.JSON {
			list := make([]groupJSON, len(groups))
			for i := range groups {
				list[i] = jsonOfGroup(&groups[i])
			}
			return printJSON(env.stdout, list)
		}
		table := tabwriter.NewWriter(env.stdout, 0, 0, 2, ' ', 0)
		for i := range groups {
			if _, err := fmt.Fprintf(table, "%s\t%s\n", groups[i].Name, spaced(groups[i].Permissions)); err != nil {
				return err
			}
		}
		return table.Flush()
	})
}

type groupShowCmd struct{ groupArgs }

// Run shows the group with its members.
func (c *groupShowCmd) Run(env *environment) error {
	return withAccounts(env.ctx, c.Storage, func(service *account.Service) error {
		group, err := c.found(env, service)
		if err != nil {
			return err
		}
		members, err := service.Users(env.ctx, earshot.UserQuery{Group: group.ID})
		if err != nil {
			return err
		}
		shown := jsonOfGroup(&group)
		shown.Members = make([]string, len(members))
		for i := range members {
			shown.Members[i] = members[i].Username
		}
		if c.JSON {
			return printJSON(env.stdout, shown)
		}
		if _, err := fmt.Fprintf(env.stdout, "%s: %s\n", group.Name, spaced(group.Permissions)); err != nil {
			return err
		}
		for _, name := range shown.Members {
			if _, err := fmt.Fprintf(env.stdout, "  %s\n", name); err != nil {
				return err
			}
		}
		return nil
	})
}

// groupMembersArgs is a command about who is in a group.
type groupMembersArgs struct {
	groupArgs
	Names []string `arg:"" name:"name" help:"Usernames."`
}

// set puts the users in, or takes them out, after it has seen that all are there.
func (a *groupMembersArgs) set(env *environment, member bool, done string) error {
	return withAccounts(env.ctx, a.Storage, func(service *account.Service) error {
		group, err := a.found(env, service)
		if err != nil {
			return err
		}
		users, err := everybody(env, service, a.Names)
		if err != nil {
			return err
		}
		for i := range users {
			if err := service.SetGroupMember(env.ctx, a.Group, users[i].Username, member); err != nil {
				return fmt.Errorf("%s: %w", users[i].Username, err)
			}
		}
		return a.tell(env, &group, done)
	})
}

type groupAddCmd struct{ groupMembersArgs }

// Run puts users into the group.
func (c *groupAddCmd) Run(env *environment) error { return c.set(env, true, "has them as members") }

type groupRemoveCmd struct{ groupMembersArgs }

// Run takes users out of the group.
func (c *groupRemoveCmd) Run(env *environment) error {
	return c.set(env, false, "does not have them as members any more")
}

// groupRightsArgs is what is granted to a group, or revoked.
type groupRightsArgs struct {
	groupArgs
	Permissions []string `arg:"" name:"permission" help:"Permissions, such as add_room; docs/operations.md lists them."`
}

// Validate wants permissions that there are.
func (a *groupRightsArgs) Validate() error { return checkPermissions(a.Permissions) }

// edit changes the group.
func (a *groupArgs) edit(env *environment, edit account.GroupEdit) error {
	return withAccounts(env.ctx, a.Storage, func(service *account.Service) error {
		group, err := service.ChangeGroup(env.ctx, a.Group, edit)
		if err != nil {
			return fmt.Errorf("%s: %w", a.Group, err)
		}
		return a.tell(env, &group, "changed")
	})
}

type groupGrantCmd struct{ groupRightsArgs }

// Run grants permissions to all members.
func (c *groupGrantCmd) Run(env *environment) error {
	return c.edit(env, account.GroupEdit{Grant: permissionSet(c.Permissions)})
}

type groupRevokeCmd struct{ groupRightsArgs }

// Run takes permissions from all members.
func (c *groupRevokeCmd) Run(env *environment) error {
	return c.edit(env, account.GroupEdit{Revoke: permissionSet(c.Permissions)})
}

type groupRenameCmd struct {
	groupArgs
	To string `arg:"" help:"The new name."`
}

// Run gives the group another name.
func (c *groupRenameCmd) Run(env *environment) error {
	return c.edit(env, account.GroupEdit{Name: &c.To})
}

type groupDeleteCmd struct{ groupArgs }

// Run deletes the group.
func (c *groupDeleteCmd) Run(env *environment) error {
	return withAccounts(env.ctx, c.Storage, func(service *account.Service) error {
		group, err := c.found(env, service)
		if err != nil {
			return err
		}
		if err := service.DeleteGroup(env.ctx, c.Group); err != nil {
			return err
		}
		return c.tell(env, &group, "deleted")
	})
}
