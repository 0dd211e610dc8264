package client

import (
	"context"
	"errors"
	"fmt"

	"github.com/earshot-chat/earshot"
)

// What the client says by itself. What the server refuses is an *earshot.Error with the server's code.
var (
	// ErrClosed: the client was closed by Close.
	ErrClosed = errors.New("earshot client: closed")
	// ErrOutboxFull: as many calls wait as Options.Outbox allows. The call was not sent.
	ErrOutboxFull = errors.New("earshot client: too many calls are waiting")
	// ErrNotConnected: there is no connection, and what was to be told would be stale when there is one.
	ErrNotConnected = errors.New("earshot client: not connected")
	// ErrBehind: the application takes no events, so that the answer cannot be reached: it waits behind them. Whether the
	// server did what was asked is not known.
	ErrBehind = errors.New("earshot client: the events are not being taken")
	// ErrSilent: nothing was heard from the server for twice the time within which it promises to say something.
	ErrSilent = errors.New("earshot client: nothing is heard from the server")
)

// CloseError tells that the server closed the connection (docs/protocol.md, "Close codes").
type CloseError struct {
	// Code is the WebSocket close code.
	Code int
	// Reason is the server's sentence for a person, at most 123 bytes; may be empty.
	Reason string
}

// Error gives the code and the reason.
func (e *CloseError) Error() string {
	return fmt.Sprintf("earshot client: closed by the server with %d %q", e.Code, e.Reason)
}

// ProtocolError tells that what came is not the protocol: the other side is no Earshot, or something between breaks what
// it says. It never repeats what came.
type ProtocolError struct {
	// Problem is a sentence for a person.
	Problem string
	// Err is the cause, if there is one.
	Err error
}

// Error gives the problem and the cause.
func (e *ProtocolError) Error() string {
	if e.Err != nil {
		return "earshot client: " + e.Problem + ": " + e.Err.Error()
	}
	return "earshot client: " + e.Problem
}

// Unwrap gives the cause.
func (e *ProtocolError) Unwrap() error { return e.Err }

func brokenFrame(problem string) *ProtocolError { return &ProtocolError{Problem: problem} }

// givenUp is the error of a call whose context ended; the server's last refusal goes with it, if there was one.
func givenUp(ctx context.Context, last *earshot.Error) error {
	err := context.Cause(ctx)
	if last != nil {
		return fmt.Errorf("%w; the server said last: %w", err, last)
	}
	return err
}

func errNotInRoom() *earshot.Error {
	return &earshot.Error{Code: earshot.CodeNotInRoom, Field: "room", Message: "You are not in that room; join it first."}
}

func errRoomClosed() *earshot.Error {
	return &earshot.Error{Code: earshot.CodeNotFound, Field: "room", Message: "The room was deleted."}
}
