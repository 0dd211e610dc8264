package peer

import (
	"bytes"
	"context"
	"fmt"
	"net/netip"
	"path/filepath"

	"github.com/earshot-chat/earshot/bench/load"
)

// centrifuge is a minimal server made with the library that Centrifugo is made of: bench/cmd/centrifuged.
type centrifuge struct{ bin string }

func (c *centrifuge) Name() string { return "centrifuge" }

func (c *centrifuge) Note() string {
	return "v0.38.0, the library of Centrifugo, as a minimal server with its JSON protocol; each connection gives a token that is looked " +
		"up in a map; a room is a channel without history and presence."
}

func (c *centrifuge) Prepare(_ context.Context, env Env) error {
	c.bin = filepath.Join(env.Bin, "centrifuged")
	return nil
}

func (c *centrifuge) Command(addr netip.AddrPort) (string, []string, error) {
	return "", []string{c.bin, addr.String(), fmt.Sprint(Users)}, nil
}

func (c *centrifuge) Protocol() load.Protocol { return centrifugeProtocol{} }

// centrifugeProtocol is the client protocol of Centrifugo, in JSON.
type centrifugeProtocol struct{}

func (centrifugeProtocol) Opcode() byte { return load.OpText }

func (centrifugeProtocol) Handshake(dst []byte, _ int) []byte { return appendHandshake(dst, "/ws", "") }

func (centrifugeProtocol) Steps(user int, rooms []int) []load.Step {
	steps := []load.Step{{
		Say:  fmt.Appendf(nil, `{"id":1,"connect":{"token":"secret-%s"}}`, userName(user)),
		Want: []byte(`"connect":`),
	}}
	for i, room := range rooms {
		steps = append(steps, load.Step{
			Say:  fmt.Appendf(nil, `{"id":%d,"subscribe":{"channel":"%s"}}`, i+2, roomName(room)),
			Want: fmt.Appendf(nil, `"id":%d,"subscribe":`, i+2),
		})
	}
	return steps
}

func (centrifugeProtocol) Post(dst []byte, _, room int, text []byte, n uint64) []byte {
	// Ids must differ from those of the steps, and fit 32 bits.
	return fmt.Appendf(dst, `{"id":%d,"publish":{"channel":"%s","data":{"text":"%s"}}}`, n%(1<<31)+1000, roomName(room), text)
}

func (centrifugeProtocol) Answer(payload []byte) ([]byte, error) {
	return pong(payload), errIf(payload, `"error":`, `"disconnect":`)
}

// Beside implements load.Batcher.
func (centrifugeProtocol) Beside(payload []byte) []byte { return pong(payload) }

// pong answers a ping, which is an empty object: a frame by itself, or one of several lines of a frame. Whoever leaves one
// without an answer is taken for gone.
func pong(payload []byte) []byte {
	for line := range bytes.SplitSeq(payload, []byte("\n")) {
		if string(line) == "{}" {
			return []byte("{}")
		}
	}
	return nil
}
