package peer

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/earshot-chat/earshot/bench/load"
)

// socketIO is a small server with the npm package socket.io: bench/peers/socketio.
type socketIO struct{ node, dir string }

func (c *socketIO) Name() string { return "Socket.IO" }

func (c *socketIO) Note() string {
	return "npm's socket.io 4 on Node over WebSocket only; each connection gives a token that is looked up in a map; rooms are its rooms; " +
		"posts are acknowledged."
}

func (c *socketIO) Prepare(_ context.Context, env Env) error {
	node, err := exec.LookPath("node")
	if err != nil {
		return errors.New("there is no node: install Node.js")
	}
	c.node, c.dir = node, filepath.Join(env.Peers, "socketio")
	if _, err := os.Stat(filepath.Join(c.dir, "node_modules", "socket.io")); err != nil {
		return errors.New("socket.io is not installed: run npm ci in bench/peers/socketio")
	}
	return nil
}

func (c *socketIO) Command(addr netip.AddrPort) (string, []string, error) {
	return c.dir, []string{c.node, "server.js", addr.Addr().String(), fmt.Sprint(addr.Port()), fmt.Sprint(Users)}, nil
}

func (c *socketIO) Protocol() load.Protocol { return socketIOProtocol{} }

// socketIOProtocol is Socket.IO's protocol 5 in Engine.IO's protocol 4.
type socketIOProtocol struct{}

func (socketIOProtocol) Opcode() byte { return load.OpText }

func (socketIOProtocol) Handshake(dst []byte, _ int) []byte {
	return appendHandshake(dst, "/socket.io/?EIO=4&transport=websocket", "")
}

func (socketIOProtocol) Steps(user int, rooms []int) []load.Step {
	steps := []load.Step{
		{Want: []byte(`0{"sid"`)},
		{Say: fmt.Appendf(nil, `40{"token":"secret-%s"}`, userName(user)), Want: []byte(`40{"sid"`)},
	}
	for i, room := range rooms {
		steps = append(steps, load.Step{Say: fmt.Appendf(nil, `42%d["join","%s"]`, i, roomName(room)), Want: fmt.Appendf(nil, `43%d[`, i)})
	}
	return steps
}

func (socketIOProtocol) Post(dst []byte, _, room int, text []byte, n uint64) []byte {
	return fmt.Appendf(dst, `42%d["post","%s","%s"]`, n, roomName(room), text)
}

func (socketIOProtocol) Answer(payload []byte) ([]byte, error) {
	if string(payload) == "2" {
		return []byte("3"), nil
	}
	if len(payload) > 1 && payload[0] == '4' && (payload[1] == '1' || payload[1] == '4') {
		return nil, refused(payload)
	}
	return nil, nil
}
