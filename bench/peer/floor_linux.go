package peer

import (
	"context"
	"fmt"
	"net/netip"
	"path/filepath"

	"github.com/earshot-chat/earshot/bench/load"
)

// floor is the least any server can do: bench/cmd/floor.
type floor struct{ bin string }

func (f *floor) Name() string { return "floor" }

func (f *floor) Note() string {
	return "No users, no log-in, no answer to a post: ready bytes, one `write` for each member and pass of the loop."
}

func (f *floor) Prepare(_ context.Context, env Env) error {
	f.bin = filepath.Join(env.Bin, "floor")
	return nil
}

func (f *floor) Command(addr netip.AddrPort) (string, []string, error) {
	return "", []string{f.bin, addr.String()}, nil
}

func (f *floor) Protocol() load.Protocol { return floorProtocol{} }

type floorProtocol struct{}

func (floorProtocol) Opcode() byte { return load.OpText }

func (floorProtocol) Handshake(dst []byte, _ int) []byte { return appendHandshake(dst, "/", "") }

func (floorProtocol) Steps(_ int, rooms []int) []load.Step {
	steps := make([]load.Step, len(rooms))
	for i, room := range rooms {
		steps[i] = load.Step{Say: fmt.Appendf(nil, "J%08x", room), Want: []byte("ok")}
	}
	return steps
}

func (floorProtocol) Post(dst []byte, _, room int, text []byte, _ uint64) []byte {
	return append(fmt.Appendf(dst, "P%08x", room), text...)
}

func (floorProtocol) Answer([]byte) ([]byte, error) { return nil, nil }
