package multichat

import (
	"strconv"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/wire"
)

// The commands.
const (
	commandJoin  = "join"
	commandLeave = "leave"
	commandSend  = "send"
)

// command is what a client sends. The room is there to be read as a number or a string.
type command struct {
	Command string         `json:"command"`
	Room    jsontext.Value `json:"room"`
	Message *wire.Text     `json:"message"`

	id earshot.RoomID
	// text tells that the room's id came as a string.
	text bool
}

// decode reads a command. Fields that it does not know are ignored, as in the example: clients of it may send some. The
// message, if there is one, is to be cleared also beside an error. Errors: CodeMalformed for what is not JSON of this form,
// CodeUnknownCommand, CodeNotFound for a room that no number can name.
func decode(frame []byte) (cmd command, err error) {
	if err := json.Unmarshal(frame, &cmd); err != nil {
		// The decoder's error may repeat what was sent: it is not kept.
		return cmd, earshot.Errorf(earshot.CodeMalformed, "The frame is not a JSON object of a command.")
	}
	switch cmd.Command {
	case commandJoin, commandLeave, commandSend:
	case "":
		return cmd, earshot.Errorf(earshot.CodeMalformed, "A command is needed.")
	default:
		return cmd, earshot.Errorf(earshot.CodeUnknownCommand, "There is no such command.")
	}
	if cmd.Command == commandSend && cmd.Message == nil {
		return cmd, earshot.Errorf(earshot.CodeMalformed, "A message is needed.")
	}
	cmd.id, cmd.text, err = readRoom(cmd.Room)
	return cmd, err
}

// readRoom reads a room's id, written as a number or a string of digits and in no other way than it would be echoed:
// "007", 7.0 and 7e0 name no room.
func readRoom(value jsontext.Value) (id earshot.RoomID, text bool, err error) {
	digits := string(value)
	switch value.Kind() {
	case '0':
	case '"':
		if text = true; len(value) > maxDigits+len(`""`) {
			return 0, text, errNoRoom()
		}
		unquoted, err := jsontext.AppendUnquote(nil, value)
		if err != nil {
			return 0, text, errNoRoom()
		}
		digits = string(unquoted)
	default:
		return 0, false, earshot.Errorf(earshot.CodeMalformed, "A room is named by its number.")
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n <= 0 || strconv.FormatInt(n, 10) != digits {
		return 0, text, errNoRoom()
	}
	return earshot.RoomID(n), text, nil
}

// maxDigits is how many an int64 may have, each of them escaped (\u0031) at the worst.
const maxDigits = 19 * 6

func errNoRoom() error { return earshot.Errorf(earshot.CodeNotFound, "There is no such room.") }

// clear clears what was said.
func (c *command) clear() {
	if c.Message != nil {
		clear(*c.Message)
	}
}
