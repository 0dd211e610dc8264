package peer

import (
	"bytes"
	"context"
	"fmt"
	"net/netip"
	"path/filepath"

	"github.com/earshot-chat/earshot/bench/load"
)

// nats is nats-server with its WebSocket listener: bench/cmd/natsd.
type nats struct{ bin string }

func (c *nats) Name() string { return "nats-server" }

func (c *nats) Note() string {
	return "v2.15.2 over WebSocket, core NATS; each connection logs in as a user of its own with a password; a room is a subject; " +
		"no answer to a post."
}

func (c *nats) Prepare(_ context.Context, env Env) error {
	c.bin = filepath.Join(env.Bin, "natsd")
	return nil
}

func (c *nats) Command(addr netip.AddrPort) (string, []string, error) {
	return "", []string{c.bin, addr.String(), fmt.Sprint(Users)}, nil
}

func (c *nats) Protocol() load.Protocol { return natsProtocol{} }

// natsProtocol is NATS's client protocol, a stream of lines, in binary frames.
type natsProtocol struct{}

func (natsProtocol) Opcode() byte { return load.OpBinary }

func (natsProtocol) Handshake(dst []byte, _ int) []byte { return appendHandshake(dst, "/", "") }

func (natsProtocol) Steps(user int, rooms []int) []load.Step {
	steps := []load.Step{
		{Want: []byte("INFO ")},
		{Say: fmt.Appendf(nil, "CONNECT {\"verbose\":false,\"pedantic\":false,\"lang\":\"bench\",\"version\":\"1\",\"protocol\":1,"+
			"\"user\":%q,\"pass\":%q}\r\nPING\r\n", userName(user), "secret-"+userName(user)), Want: []byte("PONG")},
	}
	for i, room := range rooms {
		steps = append(steps, load.Step{Say: fmt.Appendf(nil, "SUB %s %d\r\nPING\r\n", roomName(room), i+1), Want: []byte("PONG")})
	}
	return steps
}

func (natsProtocol) Post(dst []byte, _, room int, text []byte, _ uint64) []byte {
	return append(append(fmt.Appendf(dst, "PUB %s %d\r\n", roomName(room), len(text)), text...), "\r\n"...)
}

func (natsProtocol) Answer(payload []byte) ([]byte, error) {
	if bytes.HasPrefix(payload, []byte("PING\r\n")) {
		return []byte("PONG\r\n"), nil
	}
	return nil, errIf(payload, "-ERR")
}
