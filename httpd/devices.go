package httpd

import (
	"net/http"
	"time"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/account"
)

// deviceLinkReply is "Device link" in docs/protocol.md.
type deviceLinkReply struct {
	ID        string              `json:"id"`
	State     account.DeviceState `json:"state"`
	ExpiresAt time.Time           `json:"expires_at"`
	// Device, Address and Number are of the device that asks.
	Device  string `json:"device,omitzero"`
	Address string `json:"address,omitzero"`
	Number  string `json:"number,omitzero"`
	// URL is told once, to whoever makes the link, and QR is a picture of it, as an address that a page can show.
	URL string `json:"url,omitzero"`
	QR  string `json:"qr,omitzero"`
}

// deviceAskReply is what a device is told that asks to be let in.
type deviceAskReply struct {
	Ticket    string    `json:"ticket"`
	Number    string    `json:"number"`
	ExpiresAt time.Time `json:"expires_at"`
}

// deviceOfferReply says whose link it is.
type deviceOfferReply struct {
	Username    string    `json:"username"`
	DisplayName string    `json:"display_name"`
	ExpiresAt   time.Time `json:"expires_at"`
}

func replyOfDeviceLink(l *account.DeviceLink) deviceLinkReply {
	return deviceLinkReply{ID: l.ID, State: l.State, ExpiresAt: l.ExpiresAt, Device: l.Device, Address: l.Address, Number: l.Number}
}

func (s *Server) offerDevice(w http.ResponseWriter, r *http.Request, by caller) error {
	proof, err := readProof(w, r)
	if err != nil {
		return err
	}
	token, link, err := s.opts.Accounts.OfferDevice(r.Context(), by.Login, proof, clientAddr(r))
	if err != nil {
		return err
	}
	answer := replyOfDeviceLink(&link)
	answer.URL = account.DeviceURL(s.baseURL(r), token)
	if answer.QR, err = qrPicture(answer.URL); err != nil {
		return err
	}
	return reply(w, http.StatusCreated, answer)
}

func (s *Server) offeredDevice(w http.ResponseWriter, _ *http.Request, by caller) error {
	link, err := s.opts.Accounts.OfferedDevice(by.Login)
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, replyOfDeviceLink(&link))
}

func (s *Server) answerDevice(w http.ResponseWriter, r *http.Request, by caller) error {
	in, err := readBody[struct {
		ID    string `json:"id"`
		Allow *bool  `json:"allow"`
	}](w, r)
	if err != nil {
		return err
	}
	if in.Allow == nil {
		return earshot.FieldError("allow", "Say whether the device may come in.")
	}
	link, err := s.opts.Accounts.AnswerDevice(by.Login, in.ID, *in.Allow)
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, replyOfDeviceLink(&link))
}

func (s *Server) withdrawDevice(w http.ResponseWriter, _ *http.Request, by caller) error {
	s.opts.Accounts.WithdrawDevice(by.Login)
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// lookAtDevice tells whose a link is. It is a POST, though it changes nothing, because the token must not be part of an
// address.
func (s *Server) lookAtDevice(w http.ResponseWriter, r *http.Request) error {
	token, err := readToken(w, r)
	if err != nil {
		return err
	}
	user, expires, err := s.opts.Accounts.LookAtDevice(r.Context(), token, clientAddr(r))
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, deviceOfferReply{Username: user.Username, DisplayName: user.DisplayName, ExpiresAt: expires})
}

func (s *Server) askDevice(w http.ResponseWriter, r *http.Request) error {
	token, err := readToken(w, r)
	if err != nil {
		return err
	}
	ticket, link, err := s.opts.Accounts.AskDevice(r.Context(), token, clientAddr(r))
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, deviceAskReply{Ticket: ticket, Number: link.Number, ExpiresAt: link.ExpiresAt})
}

// finishDevice logs a device in that was let in. As with any log-in, the one that the browser had before ends.
func (s *Server) finishDevice(w http.ResponseWriter, r *http.Request) error {
	in, err := readBody[struct {
		Ticket string `json:"ticket"`
	}](w, r)
	if err != nil {
		return err
	}
	secret, login, err := s.opts.Accounts.FinishDevice(r.Context(), in.Ticket, clientAddr(r))
	if err != nil {
		return err
	}
	if secret == "" { // nobody has answered yet
		w.WriteHeader(http.StatusAccepted)
		return nil
	}
	return s.welcome(w, r, http.StatusOK, secret, login)
}

func readToken(w http.ResponseWriter, r *http.Request) (string, error) {
	in, err := readBody[struct {
		Token string `json:"token"`
	}](w, r)
	return in.Token, err
}
