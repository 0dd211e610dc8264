package talk

import (
	"context"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/hub"
	"github.com/earshot-chat/earshot/wire"
)

// about carries out what is about an event that was heard before.
func (t Talk) about(cmd *wire.Command) error {
	ctx, room := context.Background(), earshot.RoomID(cmd.Room)
	var err error
	switch cmd.Type { //nolint:exhaustive // Do gives it no others
	case wire.CommandEdit:
		var posted hub.Posted
		posted, err = t.Session.Edit(ctx, room, cmd.Seq, earshot.Draft{Text: cmd.Text, Nonce: cmd.Nonce})
		if err == nil {
			t.Conn.Acknowledge(PostedOf(cmd, posted))
		}
		return err
	case wire.CommandTakeBack:
		err = t.Session.TakeBack(ctx, room, cmd.Seq)
	case wire.CommandReact:
		err = t.Session.React(ctx, room, cmd.Seq, cmd.Emoji, *cmd.On)
	case wire.CommandSeen:
		if err = t.Session.See(room, cmd.Seq); err == nil && cmd.Ref == 0 {
			return nil
		}
	}
	if err == nil {
		t.ok(cmd)
	}
	return err
}
