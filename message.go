package earshot

import "unicode/utf8"

// Bounds of what a client sends with a message, in bytes.
const (
	// MaxText is the longest text of a message unless the server is set up otherwise.
	MaxText = 8192
	// MaxNonce is the longest nonce.
	MaxNonce = 64
)

// How a message is said, from a whisper over 0, as people talk, to a shout.
const (
	MinSize = -2
	MaxSize = 2
)

// Draft is a message as its author sends it.
type Draft struct {
	// Text is what is said, as typed, in UTF-8: it is nowhere interpreted in the server. Nobody keeps it: the transport
	// clears it when it was posted.
	Text []byte
	// Nonce is made by the client, so that it knows its message again when it comes back from the room.
	Nonce string
	// Reply is the number of the message that this one answers, 0 for none. What that said is not repeated: who heard it
	// has it, and who did not is not to have it.
	Reply uint64
	// Size is how loud it is, from MinSize to MaxSize.
	Size int
}

// Validate reports the first field that breaks the rules; maxText is in bytes.
func (d *Draft) Validate(maxText int) error {
	switch {
	case len(d.Text) == 0:
		return FieldError("text", "A message needs a text.")
	case len(d.Text) > maxText:
		return &Error{Code: CodeTooLarge, Field: "text", Message: "The message is longer than this server allows."}
	case !utf8.Valid(d.Text):
		return FieldError("text", "The text must be valid UTF-8.")
	case len(d.Nonce) > MaxNonce:
		return FieldError("nonce", "A nonce has at most %d bytes.", MaxNonce)
	case d.Size < MinSize || d.Size > MaxSize:
		return FieldError("size", "A size is from %d to %d.", MinSize, MaxSize)
	}
	for _, r := range d.Nonce {
		if r < 0x21 || r > 0x7e {
			return FieldError("nonce", "A nonce holds printable ASCII without spaces.")
		}
	}
	return nil
}
