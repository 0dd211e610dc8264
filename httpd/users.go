package httpd

import (
	"log/slog"
	"net/http"
	"time"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/account"
)

// userReply is an account as administrators see it: "User" in docs/openapi.yaml.
type userReply struct {
	ID       int64  `json:"id"`
	Username string `json:"username"`
	Email    string `json:"email"`
	// EmailConfirmed tells that the address is the user's.
	EmailConfirmed bool                 `json:"email_confirmed"`
	DisplayName    string               `json:"display_name"`
	IsActive       bool                 `json:"is_active"`
	IsStaff        bool                 `json:"is_staff"`
	IsSuperuser    bool                 `json:"is_superuser"`
	HasPassword    bool                 `json:"has_password"`
	DateJoined     time.Time            `json:"date_joined"`
	LastLogin      *time.Time           `json:"last_login"`
	Permissions    []earshot.Permission `json:"permissions"`
	Inherited      []earshot.Permission `json:"inherited"`
	Editable       bool                 `json:"editable"`
	// Groups are given of a single user only.
	Groups []string `json:"groups,omitempty"`
}

type usersReply struct {
	Users []userReply `json:"users"`
	// Next is where the next page begins; empty for the last.
	Next string `json:"next"`
}

func replyOfUser(m *account.Managed) userReply {
	u := userReply{
		ID: int64(m.ID), Username: m.Username, Email: m.Email, EmailConfirmed: m.EmailConfirmed, DisplayName: m.DisplayName,
		IsActive: m.IsActive, IsStaff: m.IsStaff, IsSuperuser: m.IsSuperuser, HasPassword: m.Password.Usable(),
		DateJoined: m.DateJoined, Permissions: m.Permissions.List(), Inherited: m.Inherited.List(), Editable: m.Editable,
	}
	if !m.LastLogin.IsZero() {
		u.LastLogin = &m.LastLogin
	}
	for i := range m.Groups {
		u.Groups = append(u.Groups, m.Groups[i].Name)
	}
	return u
}

// settle has the server act on what was changed about accounts now, rather than within a second. Where that fails it is tried
// again then, so the change is none the less made.
func (s *Server) settle(r *http.Request) {
	if err := s.opts.Accounts.Follow(r.Context(), s.opts.Hub.UserChanged); err != nil {
		s.log.WarnContext(r.Context(), "acting on a change of accounts failed; it is tried again", slog.Any("error", err))
	}
}

func (s *Server) listUsers(w http.ResponseWriter, r *http.Request, by caller) error {
	q := readQuery(r, "search", "active", "staff", "superuser", "unconfirmed", "group", "after", "limit")
	filter := account.UserFilter{
		Search: q.text("search"), IsActive: q.flag("active"), IsStaff: q.flag("staff"), IsSuperuser: q.flag("superuser"),
		Unconfirmed: q.flag("unconfirmed"), Group: q.text("group"), After: q.text("after"), Limit: q.limit() + 1,
	}
	if q.err != nil {
		return q.err
	}
	users, err := s.opts.Accounts.Administrator(by.User).Users(r.Context(), filter)
	if err != nil {
		return err
	}
	users, more := cutPage(users, filter.Limit-1)
	answer := usersReply{Users: make([]userReply, len(users))}
	for i := range users {
		answer.Users[i] = replyOfUser(&users[i])
	}
	if more {
		answer.Next = users[len(users)-1].Username
	}
	return reply(w, http.StatusOK, answer)
}

func (s *Server) showUser(w http.ResponseWriter, r *http.Request, by caller) error {
	user, err := s.opts.Accounts.Administrator(by.User).User(r.Context(), pathValue(r, "username"))
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, replyOfUser(&user))
}

func (s *Server) createUser(w http.ResponseWriter, r *http.Request, by caller) error {
	in, err := readBody[struct {
		Username    string   `json:"username"`
		Password    *string  `json:"password"`
		Email       string   `json:"email"`
		DisplayName string   `json:"display_name"`
		IsStaff     bool     `json:"is_staff"`
		IsSuperuser bool     `json:"is_superuser"`
		Groups      []string `json:"groups"`
	}](w, r)
	if err != nil {
		return err
	}
	user, err := s.opts.Accounts.Administrator(by.User).CreateUser(r.Context(), account.NewAccount{
		Username: in.Username, Password: orDefault(in.Password, ""), HasPassword: in.Password != nil,
		Email: in.Email, DisplayName: in.DisplayName, Staff: in.IsStaff, Superuser: in.IsSuperuser, Groups: in.Groups,
	})
	if err != nil {
		return err
	}
	return reply(w, http.StatusCreated, replyOfUser(&user))
}

func (s *Server) changeUser(w http.ResponseWriter, r *http.Request, by caller) error {
	in, err := readBody[struct {
		Email       *string              `json:"email"`
		DisplayName *string              `json:"display_name"`
		IsActive    *bool                `json:"is_active"`
		IsStaff     *bool                `json:"is_staff"`
		IsSuperuser *bool                `json:"is_superuser"`
		Grant       []earshot.Permission `json:"grant"`
		Revoke      []earshot.Permission `json:"revoke"`
		Join        []string             `json:"join"`
		Leave       []string             `json:"leave"`
	}](w, r)
	if err != nil {
		return err
	}
	edit := account.UserEdit{
		Email: in.Email, DisplayName: in.DisplayName, IsActive: in.IsActive, IsStaff: in.IsStaff, IsSuperuser: in.IsSuperuser,
		Join: in.Join, Leave: in.Leave,
	}
	if edit.Grant, edit.Revoke, err = permissionSets(in.Grant, in.Revoke); err != nil {
		return err
	}
	return s.edit(w, r, by, edit)
}

// edit changes the user whom the path names, and answers with the new state.
func (s *Server) edit(w http.ResponseWriter, r *http.Request, by caller, edit account.UserEdit) error {
	user, err := s.opts.Accounts.Administrator(by.User).ChangeUser(r.Context(), pathValue(r, "username"), edit)
	if err != nil {
		return err
	}
	s.settle(r)
	if edit.DisplayName != nil {
		s.tellProfile(r, user.ID)
	}
	return reply(w, http.StatusOK, replyOfUser(&user))
}

func (s *Server) setPassword(w http.ResponseWriter, r *http.Request, by caller) error {
	in, err := readBody[struct {
		Password string `json:"password"`
	}](w, r)
	if err != nil {
		return err
	}
	return s.edit(w, r, by, account.UserEdit{Password: &in.Password})
}

func (s *Server) removePassword(w http.ResponseWriter, r *http.Request, by caller) error {
	return s.edit(w, r, by, account.UserEdit{NoPassword: true})
}

func (s *Server) deleteUser(w http.ResponseWriter, r *http.Request, by caller) error {
	if err := s.opts.Accounts.Administrator(by.User).DeleteUser(r.Context(), pathValue(r, "username")); err != nil {
		return err
	}
	s.settle(r)
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (s *Server) listTokensOf(w http.ResponseWriter, r *http.Request, by caller) error {
	tokens, err := s.opts.Accounts.Administrator(by.User).Tokens(r.Context(), pathValue(r, "username"))
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, replyOfTokens(tokens))
}

func (s *Server) endTokenOf(w http.ResponseWriter, r *http.Request, by caller) error {
	err := s.opts.Accounts.Administrator(by.User).EndToken(r.Context(), pathValue(r, "username"), pathValue(r, "id"))
	if err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// maxBulkBody is the longest body that names users: account.MaxBulk of the longest names.
const maxBulkBody = account.MaxBulk * (4*earshot.MaxUsername + 3)

// outcome is what became of one of many users.
type outcome struct {
	Username string       `json:"username"`
	Code     earshot.Code `json:"code,omitzero"`
	Detail   string       `json:"detail,omitzero"`
}

type outcomesReply struct {
	Done   int       `json:"done"`
	Failed []outcome `json:"failed"`
}

func (s *Server) changeUsers(w http.ResponseWriter, r *http.Request, by caller) error {
	in, err := readLongBody[struct {
		Action    account.Bulk `json:"action"`
		Usernames []string     `json:"usernames"`
		Group     string       `json:"group"`
	}](w, r, maxBulkBody)
	if err != nil {
		return err
	}
	outcomes, err := s.opts.Accounts.Administrator(by.User).Do(r.Context(), in.Action, in.Usernames, in.Group)
	s.settle(r) // also what was done before it failed
	if err != nil {
		return err
	}
	answer := outcomesReply{Failed: make([]outcome, 0)}
	for i, err := range outcomes {
		if err == nil {
			answer.Done++
			continue
		}
		e := earshot.AsError(err)
		if e.Code == earshot.CodeInternal {
			return err
		}
		answer.Failed = append(answer.Failed, outcome{Username: in.Usernames[i], Code: e.Code, Detail: e.Message})
	}
	return reply(w, http.StatusOK, answer)
}

// permissionSets makes sets of lists of permissions; CodeInvalid for what is none.
func permissionSets(grant, revoke []earshot.Permission) (granted, revoked earshot.PermissionSet, err error) {
	for _, list := range [][]earshot.Permission{grant, revoke} {
		for _, p := range list {
			if !p.Valid() {
				return 0, 0, earshot.FieldError("permissions", "There is no permission %.50q.", p)
			}
		}
	}
	return earshot.PermissionsOf(grant...), earshot.PermissionsOf(revoke...), nil
}
