package earshot

import "context"

// Receipt is what the relay tells of an event that it took.
type Receipt struct {
	// Seq is the event's number in its room; zero for kinds without one.
	Seq uint64
	// Heard is the sum of what the subscribers' Deliver returned.
	Heard int
}

// Subscriber takes the events of one room.
type Subscriber interface {
	// Deliver takes one event, which is not its own: what it needs later it copies. It is called for one event of a room at a time, in the order of their numbers, and must
	// neither block nor call the relay. It returns how many people hear the event because of it.
	Deliver(ev *Event) (heard int)
}

// Relay carries events between the hubs of all nodes and gives the events of a room one order. Its contract is
// relay/relaytest.
type Relay interface {
	// Epoch names the numbering: a number means something only within its epoch.
	Epoch() string

	// Subscribe has sub called for every event of the room with a number over head, and for those without one, until cancel
	// is called. After cancel has returned, sub is not called any more. Cancel may be called more than once. Sub may be
	// called before Subscribe has returned.
	Subscribe(ctx context.Context, room RoomID, sub Subscriber) (head uint64, cancel func(), err error)

	// Publish gives ev its number (ev.Seq) and delivers it to every subscriber of its room before it returns, or fails
	// and delivers it to nobody. Numbers of a room rise by one from 1 within an epoch, whether or not anybody subscribes.
	// Errors: CodeStopping after Close.
	Publish(ctx context.Context, ev *Event) (Receipt, error)

	// Close refuses further events. Deliveries under way are finished when it returns.
	Close() error
}
