package talk

import (
	"time"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/wire"
)

// RemovedOf gives the frame that tells a session that it is no longer in the room.
func RemovedOf(room earshot.RoomID, why *earshot.Error) *wire.Removed {
	return &wire.Removed{
		Type: wire.FrameRemoved, Room: int64(room), Code: string(why.Code), Message: why.Message, Reason: why.Because,
		RetryMs: why.RetryAfter.Milliseconds(),
	}
}

// MutedOf gives the frame that tells a session that its user may say nothing in the room, or may again.
func MutedOf(room earshot.RoomID, mute earshot.Sanction) *wire.Muted {
	now := time.Now()
	frame := &wire.Muted{Type: wire.FrameMuted, Room: int64(room), On: now.Before(mute.Until)}
	if !frame.On {
		return frame
	}
	frame.Reason = mute.Reason
	if !earshot.IsForever(mute.Until) {
		frame.Until, frame.RetryMs = mute.Until.UnixMilli(), max(mute.Until.Sub(now).Milliseconds(), 1)
	}
	return frame
}
