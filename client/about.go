package client

import (
	"context"
	"crypto/rand"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/wire"
)

// Edit gives one's own message another text, and returns when that has its place in the room; Posted.Seq is the number of
// Edited, not the message's. It outlives lost connections as Post does. Errors: those of Post, and *earshot.Error with
// CodeInvalid for a number that is no message since Joined, CodeForbidden for another's, CodeTooLate when the server has
// forgotten the message (after Hello.Resume at the latest), or it was taken back.
func (c *Client) Edit(ctx context.Context, room earshot.RoomID, message uint64, text string) (Posted, error) {
	draft := earshot.Draft{Text: []byte(text), Nonce: rand.Text()}
	if err := draft.Validate(c.mostText()); err != nil {
		return Posted{}, err
	}
	if err := validSeq(message); err != nil {
		return Posted{}, err
	}
	res := c.do(ctx, &call{kind: wire.CommandEdit, room: room, text: text, nonce: draft.Nonce, seq: message})
	return res.posted, res.err
}

// TakeBack takes one's own message back, for as long as it could be edited. What others have heard of it they are told to
// forget. Errors are those of Edit; a message that was taken back already is none.
func (c *Client) TakeBack(ctx context.Context, room earshot.RoomID, message uint64) error {
	if err := validSeq(message); err != nil {
		return err
	}
	return c.do(ctx, &call{kind: wire.CommandTakeBack, room: room, seq: message}).err
}

// React puts an emoji to a message that came since Joined, or takes it away. The emoji is one that earshot.ValidateEmoji
// lets pass. If the connection is lost before the answer, it may be told twice, which comes to the same. Errors:
// *earshot.Error with CodeInvalid; the others are those of Post.
func (c *Client) React(ctx context.Context, room earshot.RoomID, message uint64, emoji string, on bool) error {
	if err := validSeq(message); err != nil {
		return err
	}
	if err := earshot.ValidateEmoji([]byte(emoji)); err != nil {
		return err
	}
	return c.do(ctx, &call{kind: wire.CommandReact, room: room, seq: message, emoji: emoji, on: on}).err
}

// See tells those in a small room that one has seen it up to the event with that number. It is told now or not at all, as
// Typing is, and has the errors of that, and *earshot.Error with CodeInvalid.
func (c *Client) See(ctx context.Context, room earshot.RoomID, seq uint64) error {
	if err := validSeq(seq); err != nil {
		return err
	}
	return c.do(ctx, &call{kind: wire.CommandSeen, room: room, seq: seq}).err
}

func validSeq(seq uint64) error {
	if seq == 0 {
		return earshot.FieldError("seq", "An event's number is 1 or more.")
	}
	return nil
}
