package wire

import (
	"errors"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/earshot-chat/earshot"
)

// maxRef is the largest integer that every JSON reader keeps exactly (RFC 8259, section 6).
const maxRef = 1<<53 - 1

// Decode reads one command. It refuses what is not JSON, doubled and unknown fields, text that is not UTF-8, and missing
// fields; what the fields say is for the hub to judge. The command comes back with its Ref even beside an error if the
// ref could be read, so that the refusal reaches whoever asked. Errors are *earshot.Error with CodeMalformed or
// CodeUnknownCommand and never repeat what was sent.
func Decode(frame []byte) (Command, error) {
	var c Command
	if err := json.Unmarshal(frame, &c, json.RejectUnknownMembers(true)); err != nil {
		return Command{Ref: validRef(c.Ref)}, malformed(err)
	}
	if c.Ref != validRef(c.Ref) {
		return Command{}, missing("ref", "ref must be a number from 1 to 9007199254740991.")
	}
	return c, c.check()
}

func validRef(ref int64) int64 {
	if ref < 0 || ref > maxRef {
		return 0
	}
	return ref
}

// check looks for the fields that the command cannot do without.
func (c *Command) check() error {
	switch c.Type {
	case CommandJoin, CommandLeave, CommandPost, CommandTyping, CommandOccupants, CommandPing,
		CommandResume, CommandStatus, CommandEdit, CommandTakeBack, CommandReact, CommandSeen:
	case "":
		return missing("type", "A command needs a type.")
	default:
		return &earshot.Error{Code: earshot.CodeUnknownCommand, Field: "type", Message: "There is no such command."}
	}
	switch {
	case c.Ref == 0 && c.Type != CommandTyping && c.Type != CommandSeen:
		return missing("ref", "This command needs a ref, a number from 1 up.")
	case c.Room == 0 && c.ofRoom():
		return missing("room", "This command needs a room, by its id.")
	case c.Type == CommandPost && c.Nonce == "":
		return missing("nonce", "A post needs a nonce.")
	case c.Type == CommandResume && c.Token == "":
		return missing("token", "A resume needs the token that hello gave.")
	case c.Type == CommandStatus && c.Status == "":
		return missing("status", "A status is active, away or dnd.")
	case c.ofEvent():
		return c.checkEvent()
	}
	return nil
}

// checkEvent is check for what is about an event.
func (c *Command) checkEvent() error {
	switch {
	case c.Seq == 0:
		return missing("seq", "This command needs a seq, the number of an event.")
	case c.Type == CommandEdit && c.Nonce == "":
		return missing("nonce", "An edit needs a nonce.")
	case c.Type == CommandReact && len(c.Emoji) == 0:
		return missing("emoji", "A reaction needs an emoji.")
	case c.Type == CommandReact && c.On == nil:
		return missing("on", "A reaction is on or not.")
	}
	return nil
}

// ofRoom tells whether the command is about one room.
func (c *Command) ofRoom() bool {
	switch c.Type {
	case CommandPing, CommandResume, CommandStatus:
		return false
	case CommandJoin, CommandLeave, CommandPost, CommandTyping, CommandOccupants,
		CommandEdit, CommandTakeBack, CommandReact, CommandSeen:
	}
	return true
}

// ofEvent tells whether the command is about one event of a room.
func (c *Command) ofEvent() bool {
	switch c.Type {
	case CommandEdit, CommandTakeBack, CommandReact, CommandSeen:
		return true
	case CommandJoin, CommandLeave, CommandPost, CommandTyping, CommandOccupants, CommandPing, CommandResume, CommandStatus:
	}
	return false
}

func missing(field, message string) error {
	return &earshot.Error{Code: earshot.CodeMalformed, Field: field, Message: message}
}

// malformed turns the decoder's error into one that tells which field is at fault and nothing of its content.
func malformed(err error) error {
	out := &earshot.Error{Code: earshot.CodeMalformed, Message: "The frame is not a JSON object of a command."}
	var pointer jsontext.Pointer
	if e, ok := errors.AsType[*json.SemanticError](err); ok {
		pointer = e.JSONPointer
		out.Message = "A field of the command has the wrong type or is not known."
	}
	if e, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		pointer = e.JSONPointer
		if errors.Is(err, jsontext.ErrDuplicateName) {
			out.Message = "A field of the command is there twice."
		}
	}
	out.Field = knownField(pointer)
	return out
}

// knownField names the field only if it is one of ours: the name of an unknown one is the client's text.
func knownField(p jsontext.Pointer) string {
	name, _, _ := strings.Cut(strings.TrimPrefix(string(p), "/"), "/")
	switch name {
	case "type", "ref", "room", "text", "nonce", "after", "token", "seen", "status", "reply", "size", "seq", "emoji", "on":
		return name
	}
	return ""
}
