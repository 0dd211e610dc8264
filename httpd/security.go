package httpd

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"rsc.io/qr"

	"github.com/earshot-chat/earshot/account"
)

// secondFactorReply is what a problem says of a log-in that needs a second factor.
type secondFactorReply struct {
	Ticket    string           `json:"ticket"`
	Factors   []account.Factor `json:"factors"`
	ExpiresAt time.Time        `json:"expires_at"`
}

// securityReply is "Security" in docs/protocol.md.
type securityReply struct {
	HasPassword   bool `json:"has_password"`
	TOTP          bool `json:"totp"`
	SecondFactor  bool `json:"second_factor"`
	Passkeys      int  `json:"passkeys"`
	RecoveryCodes int  `json:"recovery_codes"`
}

// totpReply is what an authenticator is given: QR is a picture, as an address that a page can show.
type totpReply struct {
	Secret string `json:"secret"`
	URI    string `json:"uri"`
	QR     string `json:"qr"`
}

type recoveryReply struct {
	RecoveryCodes []string `json:"recovery_codes"`
}

func (s *Server) secondStep(w http.ResponseWriter, r *http.Request) error {
	in, err := readBody[struct {
		Ticket string `json:"ticket"`
		Code   string `json:"code"`
	}](w, r)
	if err != nil {
		return err
	}
	secret, login, err := s.opts.Accounts.SecondStep(r.Context(), in.Ticket, in.Code, clientAddr(r))
	if err != nil {
		return err
	}
	return s.welcome(w, r, http.StatusOK, secret, login)
}

func (s *Server) security(w http.ResponseWriter, r *http.Request, by caller) error {
	have, err := s.opts.Accounts.Security(r.Context(), by.User.ID)
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, securityReply(have))
}

func (s *Server) beginTOTP(w http.ResponseWriter, r *http.Request, by caller) error {
	proof, err := readProof(w, r)
	if err != nil {
		return err
	}
	key, err := s.opts.Accounts.BeginTOTP(r.Context(), by.Login, proof, clientAddr(r))
	if err != nil {
		return err
	}
	picture, err := qrPicture(key.URI)
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, totpReply{Secret: key.Secret, URI: key.URI, QR: picture})
}

func (s *Server) confirmTOTP(w http.ResponseWriter, r *http.Request, by caller) error {
	in, err := readBody[struct {
		Code string `json:"code"`
	}](w, r)
	if err != nil {
		return err
	}
	codes, err := s.opts.Accounts.ConfirmTOTP(r.Context(), by.Login, in.Code, clientAddr(r))
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, recoveryReply{RecoveryCodes: codes})
}

// proofBody is the part of a body that shows once more who is there.
type proofBody struct {
	Password string         `json:"password"`
	Code     string         `json:"code"`
	Ticket   string         `json:"ticket"`
	Response jsontext.Value `json:"response"`
}

func (b proofBody) proof() account.Proof {
	return account.Proof{Password: b.Password, Code: b.Code, Ticket: b.Ticket, Response: b.Response}
}

// readProof reads the body of a call that asks once more who is there, and for nothing else.
func readProof(w http.ResponseWriter, r *http.Request) (account.Proof, error) {
	in, err := readBody[proofBody](w, r)
	return in.proof(), err
}

func (s *Server) removeTOTP(w http.ResponseWriter, r *http.Request, by caller) error {
	proof, err := readProof(w, r)
	if err != nil {
		return err
	}
	if err := s.opts.Accounts.RemoveTOTP(r.Context(), by.Login, proof, clientAddr(r)); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (s *Server) renewRecoveryCodes(w http.ResponseWriter, r *http.Request, by caller) error {
	proof, err := readProof(w, r)
	if err != nil {
		return err
	}
	codes, err := s.opts.Accounts.RenewRecoveryCodes(r.Context(), by.Login, proof, clientAddr(r))
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, recoveryReply{RecoveryCodes: codes})
}

// quietZone is how many modules around a QR code stay white (ISO/IEC 18004, section 9.1).
const quietZone = 4

// qrPicture draws a text as a QR code: an SVG, as a data: address, which the page's policy lets it show and nothing else.
func qrPicture(text string) (string, error) {
	code, err := qr.Encode(text, qr.M)
	if err != nil {
		return "", fmt.Errorf("drawing a QR code: %w", err)
	}
	side := code.Size + 2*quietZone
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" shape-rendering="crispEdges">`, side, side)
	fmt.Fprintf(&b, `<path fill="#fff" d="M0 0h%dv%dH0z"/><path d="`, side, side)
	for y := range code.Size {
		for x := range code.Size {
			if code.Black(x, y) {
				fmt.Fprintf(&b, "M%d %dh1v1h-1z", x+quietZone, y+quietZone)
			}
		}
	}
	b.WriteString(`"/></svg>`)
	return "data:image/svg+xml;base64," + base64.StdEncoding.EncodeToString([]byte(b.String())), nil
}
