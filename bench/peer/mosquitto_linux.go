package peer

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/earshot-chat/earshot/bench/load"
)

// mosquitto is Debian's Mosquitto with its WebSocket listener.
type mosquitto struct{ bin, tmp string }

func (c *mosquitto) Name() string { return "Mosquitto" }

func (c *mosquitto) Note() string {
	return "Debian's, over WebSocket, MQTT 3.1.1, QoS 0; each connection gives a user name that is not checked; a room is a topic; " +
		"no answer to a post."
}

func (c *mosquitto) Prepare(_ context.Context, env Env) error {
	for _, name := range []string{"mosquitto", "/usr/sbin/mosquitto"} {
		if bin, err := exec.LookPath(name); err == nil {
			c.bin, c.tmp = bin, env.Tmp
			return nil
		}
	}
	return errors.New("there is no mosquitto: install Debian's package mosquitto")
}

func (c *mosquitto) Command(addr netip.AddrPort) (string, []string, error) {
	conf := filepath.Join(c.tmp, "mosquitto.conf")
	// Mosquitto 2.0.11 does not start with WebSocket listeners only: hence the one on a Unix socket.
	text := fmt.Sprintf("listener %d %s\nprotocol websockets\nlistener 0 %s\nallow_anonymous true\npersistence false\n"+
		"log_dest none\nmax_queued_messages 0\nset_tcp_nodelay true\nuser root\n",
		addr.Port(), addr.Addr(), filepath.Join(c.tmp, "mosquitto.sock"))
	return "", []string{c.bin, "-c", conf}, os.WriteFile(conf, []byte(text), 0o600)
}

func (c *mosquitto) Protocol() load.Protocol { return mqttProtocol{} }

// mqttProtocol is MQTT 3.1.1 in binary frames.
type mqttProtocol struct{}

func (mqttProtocol) Opcode() byte { return load.OpBinary }

func (mqttProtocol) Handshake(dst []byte, _ int) []byte {
	return appendHandshake(dst, "/mqtt", "Sec-WebSocket-Protocol: mqtt\r\n")
}

func mqttString(dst []byte, s string) []byte {
	return append(binary.BigEndian.AppendUint16(dst, uint16(len(s))), s...)
}

// mqttPacket puts the first byte and the length before a packet's body.
func mqttPacket(dst []byte, first byte, body []byte) []byte {
	dst = append(dst, first)
	n := len(body)
	for ; n > 127; n >>= 7 {
		dst = append(dst, byte(n)|0x80)
	}
	return append(append(dst, byte(n)), body...)
}

func (mqttProtocol) Steps(user int, rooms []int) []load.Step {
	// CONNECT: version 4, a clean session and a user name, no keep-alive.
	body := append(mqttString(nil, "MQTT"), 4, 0x82, 0, 0)
	body = mqttString(mqttString(body, fmt.Sprintf("client%05d", user)), userName(user))
	steps := []load.Step{{Say: mqttPacket(nil, 0x10, body), Want: []byte{0x20, 2, 0, 0}}}
	for i, room := range rooms {
		id := binary.BigEndian.AppendUint16(nil, uint16(i+1))
		body := append(mqttString(append([]byte(nil), id...), roomName(room)), 0)
		steps = append(steps, load.Step{Say: mqttPacket(nil, 0x82, body), Want: append([]byte{0x90, 3}, append(id, 0)...)})
	}
	return steps
}

func (mqttProtocol) Post(dst []byte, _, room int, text []byte, _ uint64) []byte {
	return mqttPacket(dst, 0x30, append(mqttString(nil, roomName(room)), text...))
}

func (mqttProtocol) Answer([]byte) ([]byte, error) { return nil, nil }
