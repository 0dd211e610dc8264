package ws

import (
	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/transport/websocket"
	"github.com/earshot-chat/earshot/wire"
)

// encoding is how the hub's events become WebSocket frames: one unmasked text frame each, whole (RFC 6455, section 5).
// All connections share it, so the hub encodes and frames an event once for all of them.
type encoding struct{}

// AppendEvent implements hub.Encoding.
func (encoding) AppendEvent(dst []byte, ev *earshot.Event) []byte {
	dst, at := websocket.OpenFrame(dst)
	return websocket.CloseFrame(wire.AppendEvent(dst, ev), at)
}

// frameOf makes the frame of an answer.
func frameOf(answer any) []byte {
	dst, at := websocket.OpenFrame(make([]byte, 0, 256))
	return websocket.CloseFrame(wire.Append(dst, answer), at)
}
