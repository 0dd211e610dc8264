package account

import (
	"github.com/earshot-chat/earshot"
)

// authority is what a user may do about the accounts of others. It is the one place that decides this, and its rule is that
// nobody gets more than they have, for themselves or anybody else: who could change the password of somebody who may do more
// could be that somebody.
//
//   - What one does needs its permission (needs). One who may change, delete or make users may look at them.
//   - Only superusers make superusers and staff, and take it from them.
//   - One grants, takes, and puts into groups that give, no more than one has (gives).
//   - One changes and deletes nobody who may do something that one may not, nor staff if one is not (over).
//   - Nobody gives themselves another password or address here: that takes the present password, which a session that was stolen,
//     or a token, has not (ways).
//   - Nobody deactivates or deletes themselves here, by a mistake in a long list say. That the last superuser stays is a
//     matter of the store, which sees what others do at the same time.
type authority struct{ by earshot.User }

// needs refuses somebody who has not even one of the permissions.
func (a authority) needs(one ...earshot.Permission) error {
	if a.by.All()&earshot.PermissionsOf(one...) != 0 {
		return nil
	}
	return earshot.Errorf(earshot.CodeForbidden, "This needs the permission %s.", one[0])
}

func (a authority) superuser() bool { return a.by.IsSuperuser && a.by.IsActive }

// views refuses somebody who may not look at users and groups.
func (a authority) views() error {
	return a.needs(earshot.PermViewUser, earshot.PermAddUser, earshot.PermChangeUser, earshot.PermDeleteUser)
}

// gives refuses to hand out, or take, a permission that one has not.
func (a authority) gives(permissions earshot.PermissionSet) error {
	for _, p := range (permissions &^ a.by.All()).List() {
		e := earshot.Errorf(earshot.CodeForbidden, "You cannot give or take %s, which you have not yourself.", p)
		e.Field = "permissions"
		return e
	}
	return nil
}

// over refuses to touch somebody who may do more than oneself.
func (a authority) over(user earshot.User) error {
	user.IsActive = true // what an account could do once it is active again
	if a.superuser() {
		return nil
	}
	if user.IsSuperuser || user.All()&^a.by.All() != 0 || (user.IsStaff && !a.by.IsStaff) {
		return earshot.Errorf(earshot.CodeForbidden, "%s may do things that you may not: only somebody who may, too, can do this.", user.Username)
	}
	return nil
}

// ranks refuses to make staff and superusers, or to take it from them, unless one is a superuser.
func (a authority) ranks(staff, superuser *bool) error {
	if (staff != nil || superuser != nil) && !a.superuser() {
		e := earshot.Errorf(earshot.CodeForbidden, "Only superusers decide who is on the staff, and who is a superuser.")
		e.Field = "is_staff"
		if superuser != nil {
			e.Field = "is_superuser"
		}
		return e
	}
	return nil
}

// others refuses to do to oneself what one could not take back.
func (a authority) others(user *earshot.User) error {
	if user.ID == a.by.ID {
		return earshot.Errorf(earshot.CodeConflict, "You cannot deactivate or delete yourself. Somebody else can.")
	}
	return nil
}

// ways refuses to change what lets oneself in.
func (a authority) ways(user *earshot.User) error {
	if user.ID == a.by.ID {
		return earshot.Errorf(earshot.CodeForbidden, "Your own password and address are not changed here, but in your settings.")
	}
	return nil
}

// mayCreate decides on a new account; groups are those that it is put into.
func (a authority) mayCreate(account *NewAccount, groups []earshot.Group) error {
	if err := a.needs(earshot.PermAddUser); err != nil {
		return err
	}
	if len(account.Groups) > 0 { // who puts people into groups changes users
		if err := a.mayEdit(&UserEdit{}, groups); err != nil {
			return err
		}
	}
	var staff, superuser *bool
	if account.Staff {
		staff = &account.Staff
	}
	if account.Superuser {
		superuser = &account.Superuser
	}
	return a.ranks(staff, superuser)
}

// mayEdit decides on a change, as far as it does not hang on whom it is of; groups are those that are joined and left.
func (a authority) mayEdit(edit *UserEdit, groups []earshot.Group) error {
	if err := a.needs(earshot.PermChangeUser); err != nil {
		return err
	}
	if err := a.ranks(edit.IsStaff, edit.IsSuperuser); err != nil {
		return err
	}
	given := edit.Grant | edit.Revoke
	for i := range groups {
		given |= groups[i].Permissions
	}
	return a.gives(given)
}

// mayEditThis decides on a change of this user.
func (a authority) mayEditThis(user earshot.User, edit *UserEdit) error {
	if edit.IsActive != nil && !*edit.IsActive {
		if err := a.others(&user); err != nil {
			return err
		}
	}
	if edit.Password != nil || edit.NoPassword || edit.Email != nil {
		if err := a.ways(&user); err != nil {
			return err
		}
	}
	return a.over(user)
}

// mayLink decides on a link with which this user sets a password.
func (a authority) mayLink(user earshot.User) error {
	if err := a.needs(earshot.PermChangeUser); err != nil {
		return err
	}
	if err := a.ways(&user); err != nil {
		return err
	}
	return a.over(user)
}

// mayDelete decides on deleting this user.
func (a authority) mayDelete(user earshot.User) error {
	if err := a.others(&user); err != nil {
		return err
	}
	return a.over(user)
}

// mayEditGroup decides on a change of a group that gives these permissions.
func (a authority) mayEditGroup(permissions earshot.PermissionSet) error {
	if err := a.needs(earshot.PermChangeUser); err != nil {
		return err
	}
	return a.gives(permissions)
}
