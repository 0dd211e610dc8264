package multichat

import (
	"errors"
	"io"

	"github.com/gobwas/ws"
)

// ReadFrameForTest reads a frame of at most a mebibyte.
func ReadFrameForTest(r io.Reader) (ws.Frame, error) {
	h, err := ws.ReadHeader(r)
	if err != nil {
		return ws.Frame{}, err
	}
	if h.Length > 1<<20 {
		return ws.Frame{}, errors.New("a frame of over a mebibyte")
	}
	payload := make([]byte, h.Length)
	_, err = io.ReadFull(r, payload)
	return ws.Frame{Header: h, Payload: payload}, err
}
