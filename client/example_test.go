package client_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/client"
)

// Example is a bot that sits in the room "lobby" and answers whoever calls it by name.
func Example() {
	url, token, stop := client.ServerForExample() // of this package's tests: a real one, with somebody in the lobby
	defer stop()

	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	say := func(format string, args ...any) { _, _ = fmt.Fprintf(os.Stdout, format+"\n", args...) }
	if err := bot(ctx, say, client.Options{URL: url, Token: token}); err != nil {
		say("it ended: %v", err)
	}
	// Output:
	// in lobby, 2 inside
	// ana says: echo: hello?
	// answered, heard by 1
}

// bot runs until it has answered once. A real one has no return there, and runs until ctx or its log-in ends.
func bot(ctx context.Context, say func(format string, args ...any), opts client.Options) error {
	opts.KeepTrying = true // the server may start after the bot
	c, err := client.Dial(ctx, opts)
	if err != nil {
		return err
	}
	defer c.Close()

	room, err := find(ctx, c, "lobby")
	if err != nil {
		return err
	}
	joined, err := c.Join(ctx, room)
	if err != nil {
		return err
	}
	say("in %s, %d inside", joined.Info.Name, joined.Count)

	for ev := range c.Events() {
		switch ev := ev.(type) {
		case client.Message:
			question, mine := strings.CutPrefix(ev.Text, "echo: ")
			if !mine || ev.Author.ID == c.Hello().User.ID {
				continue
			}
			say("%s says: %s", ev.Author.Name, ev.Text)
			posted, err := c.Post(ctx, ev.Room, "You said: "+question)
			if err != nil {
				return err
			}
			say("answered, heard by %d", posted.Heard)
			return nil
		case client.Gap:
			say("I was away and have missed something: %s", ev.Reason)
		case client.Removed:
			return ev.Err
		}
	}
	return c.Err()
}

// find looks a room up by its name.
func find(ctx context.Context, c *client.Client, name string) (earshot.RoomID, error) {
	rooms, err := c.Rooms(ctx)
	if err != nil {
		return 0, err
	}
	for _, r := range rooms {
		if r.Name == name {
			return r.ID, nil
		}
	}
	return 0, earshot.Errorf(earshot.CodeNotFound, "There is no room of that name.")
}
