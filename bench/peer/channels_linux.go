package peer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os/exec"
	"path/filepath"

	"github.com/earshot-chat/earshot/bench/load"
)

// channels is a small consumer of Django Channels under Daphne: bench/peers/channels.
type channels struct{ python, dir string }

func (c *channels) Name() string { return "Django Channels" }

func (c *channels) Note() string {
	return "Debian's packages, under Daphne with the in-memory channel layer; each connection gives a token that is looked up in a dict; " +
		"a room is a group."
}

func (c *channels) Prepare(ctx context.Context, env Env) error {
	// Debian's packages belong to Debian's Python, whatever other one is first on the path.
	for _, name := range []string{"/usr/bin/python3", "python3"} {
		python, err := exec.LookPath(name)
		if err != nil {
			continue
		}
		if exec.CommandContext(ctx, python, "-c", "import django, channels, daphne").Run() == nil { //nolint:gosec // a fixed list
			c.python, c.dir = python, filepath.Join(env.Peers, "channels")
			return nil
		}
	}
	return errors.New("there is no Django Channels: install Debian's packages python3-django-channels and python3-daphne")
}

func (c *channels) Command(addr netip.AddrPort) (string, []string, error) {
	return c.dir, []string{
		c.python, "-m", "daphne", "-b", addr.Addr().String(), "-p", fmt.Sprint(addr.Port()), "--verbosity", "0",
		// The default of 5 s is less than it needs when many come at once.
		"--websocket_connect_timeout", "120", "server:application",
	}, nil
}

func (c *channels) Protocol() load.Protocol { return channelsProtocol{} }

// channelsProtocol is what bench/peers/channels/server.py speaks.
type channelsProtocol struct{}

func (channelsProtocol) Opcode() byte { return load.OpText }

func (channelsProtocol) Handshake(dst []byte, user int) []byte {
	return appendHandshake(dst, "/ws?token=secret-"+userName(user), "")
}

func (channelsProtocol) Steps(_ int, rooms []int) []load.Step {
	var steps []load.Step
	for i, room := range rooms {
		steps = append(steps, load.Step{
			Say:  fmt.Appendf(nil, `{"type":"join","ref":%d,"room":"%s"}`, i+1, roomName(room)),
			Want: []byte(`"joined"`),
		})
	}
	return steps
}

func (channelsProtocol) Post(dst []byte, _, room int, text []byte, n uint64) []byte {
	return fmt.Appendf(dst, `{"type":"post","ref":%d,"room":"%s","text":"%s"}`, n, roomName(room), text)
}

func (channelsProtocol) Answer(payload []byte) ([]byte, error) {
	if bytes.Contains(payload, []byte(`"error"`)) {
		return nil, refused(payload)
	}
	return nil, nil
}
