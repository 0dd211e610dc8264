// Package peer knows the messengers that are compared: how each is started, and how it is spoken to.
package peer

import (
	"bytes"
	"context"
	"fmt"
	"net/netip"

	"github.com/earshot-chat/earshot/bench/load"
)

// The most users and rooms that a candidate has to know of.
const (
	Users = 18000
	Rooms = 2000
)

// Env is what candidates are started with.
type Env struct {
	// Earshot is the product's binary; Bin is the directory of floor, natsd and centrifuged.
	Earshot, Bin string
	// Peers is the directory with what the other candidates need: socketio and channels.
	Peers string
	// Tmp is a directory for files of this run.
	Tmp string
}

// Candidate is one messenger.
type Candidate interface {
	// Name is what it is called in the table.
	Name() string
	// Note says what stands for users, log-ins and rooms, for people.
	Note() string
	// Prepare makes what it needs, once. Its error is the reason why the candidate is left out.
	Prepare(ctx context.Context, env Env) error
	// Command is what to run, and in which directory, to have it listen at addr.
	Command(addr netip.AddrPort) (dir string, command []string, err error)
	// Protocol is how to speak to it.
	Protocol() load.Protocol
}

// All returns the candidates, the product and the floor first.
func All() []Candidate {
	return []Candidate{
		Earshot(Users, Rooms), &floor{}, &nats{}, &mosquitto{}, &centrifuge{}, &socketIO{}, &channels{},
	}
}

// A handshake's key need not be a secret here: nobody else is on the wire (RFC 6455, section 10.3).
const key = "ZWFyc2hvdCdzIGJlbmNoIQ=="

// appendHandshake appends a request for the path with further lines, each ending in CRLF.
func appendHandshake(dst []byte, path, lines string) []byte {
	return fmt.Appendf(dst, "GET %s HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %s\r\n%s\r\n", path, key, lines)
}

// refused makes an error of a payload that says no.
func refused(payload []byte) error {
	return fmt.Errorf("the server refused something: %.300q", payload)
}

// errIf is refused where the payload has any of the signs in it.
func errIf(payload []byte, signs ...string) error {
	for _, sign := range signs {
		if bytes.Contains(payload, []byte(sign)) {
			return refused(payload)
		}
	}
	return nil
}

// userName is the name of a user, roomName of a room.
func userName(user int) string { return fmt.Sprintf("user%05d", user) }
func roomName(room int) string { return fmt.Sprintf("room%05d", room) }
