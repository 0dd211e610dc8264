package httpd

import (
	"net/http"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/account"
)

// groupReply is "Group" in docs/openapi.yaml.
type groupReply struct {
	Name        string               `json:"name"`
	Permissions []earshot.Permission `json:"permissions"`
}

type groupsReply struct {
	Groups []groupReply `json:"groups"`
}

func replyOfGroup(g *earshot.Group) groupReply {
	return groupReply{Name: g.Name, Permissions: g.Permissions.List()}
}

func (s *Server) listGroups(w http.ResponseWriter, r *http.Request, by caller) error {
	groups, err := s.opts.Accounts.Administrator(by.User).Groups(r.Context())
	if err != nil {
		return err
	}
	answer := groupsReply{Groups: make([]groupReply, len(groups))}
	for i := range groups {
		answer.Groups[i] = replyOfGroup(&groups[i])
	}
	return reply(w, http.StatusOK, answer)
}

func (s *Server) createGroup(w http.ResponseWriter, r *http.Request, by caller) error {
	in, err := readBody[struct {
		Name        string               `json:"name"`
		Permissions []earshot.Permission `json:"permissions"`
	}](w, r)
	if err != nil {
		return err
	}
	permissions, _, err := permissionSets(in.Permissions, nil)
	if err != nil {
		return err
	}
	group, err := s.opts.Accounts.Administrator(by.User).CreateGroup(r.Context(), in.Name, permissions)
	if err != nil {
		return err
	}
	return reply(w, http.StatusCreated, replyOfGroup(&group))
}

func (s *Server) showGroup(w http.ResponseWriter, r *http.Request, by caller) error {
	group, err := s.opts.Accounts.Administrator(by.User).Group(r.Context(), pathValue(r, "group"))
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, replyOfGroup(&group))
}

func (s *Server) changeGroup(w http.ResponseWriter, r *http.Request, by caller) error {
	in, err := readBody[struct {
		Name   *string              `json:"name"`
		Grant  []earshot.Permission `json:"grant"`
		Revoke []earshot.Permission `json:"revoke"`
	}](w, r)
	if err != nil {
		return err
	}
	grant, revoke, err := permissionSets(in.Grant, in.Revoke)
	if err != nil {
		return err
	}
	group, err := s.opts.Accounts.Administrator(by.User).ChangeGroup(r.Context(), pathValue(r, "group"),
		account.GroupEdit{Name: in.Name, Grant: grant, Revoke: revoke})
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, replyOfGroup(&group))
}

func (s *Server) deleteGroup(w http.ResponseWriter, r *http.Request, by caller) error {
	if err := s.opts.Accounts.Administrator(by.User).DeleteGroup(r.Context(), pathValue(r, "group")); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (s *Server) addToGroup(w http.ResponseWriter, r *http.Request, by caller) error {
	return s.regroup(w, r, by, account.UserEdit{Join: []string{pathValue(r, "group")}})
}

func (s *Server) removeFromGroup(w http.ResponseWriter, r *http.Request, by caller) error {
	return s.regroup(w, r, by, account.UserEdit{Leave: []string{pathValue(r, "group")}})
}

// regroup puts the user whom the path names into a group, or takes the user out.
func (s *Server) regroup(w http.ResponseWriter, r *http.Request, by caller, edit account.UserEdit) error {
	a := s.opts.Accounts.Administrator(by.User)
	if _, err := a.Group(r.Context(), pathValue(r, "group")); err != nil { // what an address names is not found, rather than invalid
		return err
	}
	if _, err := a.ChangeUser(r.Context(), pathValue(r, "username"), edit); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
