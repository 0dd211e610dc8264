package earshot

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Code names a kind of failure. Codes are part of every protocol Earshot speaks: they never change their meaning, and
// clients decide by them, never by the sentence beside them.
type Code string

// The codes. Each transport maps them once to what its protocol has (an HTTP status, an error frame).
const (
	// CodeMalformed: what came is not in the protocol's form at all (not JSON, a wrong type, a missing field).
	CodeMalformed Code = "malformed"
	// CodeUnknownCommand: the form is right, but there is no such command.
	CodeUnknownCommand Code = "unknown_command"
	// CodeInvalid: a field has the right type and a value that is not allowed. Error.Field names it.
	CodeInvalid Code = "invalid"
	// CodeUnauthenticated: nobody is logged in, or the name or the password is wrong.
	CodeUnauthenticated Code = "unauthenticated"
	// CodeSecondFactor: name and password are right, and a second factor is asked for.
	CodeSecondFactor Code = "second_factor"
	// CodeEnrol: logged in, and a second factor is to be set up before anything else.
	CodeEnrol Code = "enrol"
	// CodeForbidden: logged in, and not allowed to do this.
	CodeForbidden Code = "forbidden"
	// CodeBanned: this user, or everybody at this address, is kept off the server or the room. Error.RetryAfter says for how
	// long, if it is not for good.
	CodeBanned Code = "banned"
	// CodeKicked: put out of the room, and not to come back before Error.RetryAfter.
	CodeKicked Code = "kicked"
	// CodeMuted: may listen in this room and not speak. Error.RetryAfter says for how long, if it is not for good.
	CodeMuted Code = "muted"
	// CodeLocked: only those who keep order may do this in this room for the time being.
	CodeLocked Code = "locked"
	// CodeNotFound: there is no such thing, or it is not to be seen by whoever asks: the answer is the same.
	CodeNotFound Code = "not_found"
	// CodeConflict: the name is taken, or the thing changed meanwhile.
	CodeConflict Code = "conflict"
	// CodeTooLarge: longer than the limit that the server states.
	CodeTooLarge Code = "too_large"
	// CodeRateLimited: too often. Error.RetryAfter says when to try again.
	CodeRateLimited Code = "rate_limited"
	// CodeTooLate: the message is no more where it could be changed.
	CodeTooLate Code = "too_late"
	// CodeLimit: a bound on how many is reached (rooms of a session, sessions of a user).
	CodeLimit Code = "limit"
	// CodeNotInRoom: the session is not in the room that it speaks to.
	CodeNotInRoom Code = "not_in_room"
	// CodeBusy: the server has no room for this now. Error.RetryAfter says when to try again.
	CodeBusy Code = "busy"
	// CodeStopping: the server is shutting down; come back.
	CodeStopping Code = "stopping"
	// CodeInternal: a fault of the server. The sentence says no more than that; the log does.
	CodeInternal Code = "internal"
)

// Error is a failure that a person or a program outside can act on.
type Error struct {
	Code Code
	// Message is one sentence for a person. It never holds what was said in a room, a password or a token.
	Message string
	// Reasons are the sentences that Message puts together, where there are several: each rule that a password breaks.
	Reasons []string
	// Field is the name of the input at fault, if it is one.
	Field string
	// Because is what a moderator gave as the reason; empty where none was given.
	Because string
	// RetryAfter is how long to wait before another try; zero where waiting does not help.
	RetryAfter time.Duration
	// Err is the cause, for the log and for errors.Is. It is never shown outside.
	Err error
}

// Error gives the sentence and, for the log, the cause.
func (e *Error) Error() string {
	if e.Err != nil {
		return e.Message + ": " + e.Err.Error()
	}
	return e.Message
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// Errorf makes an Error of a code and a sentence. A %w verb sets the cause, as in fmt.Errorf, but the cause's text is
// then part of the sentence: use WrapError for causes that must not be shown.
func Errorf(code Code, format string, args ...any) *Error {
	err := fmt.Errorf(format, args...)
	return &Error{Code: code, Message: err.Error(), Err: nil}
}

// FieldError makes an Error with CodeInvalid about one input.
func FieldError(field, format string, args ...any) *Error {
	return &Error{Code: CodeInvalid, Field: field, Message: fmt.Sprintf(format, args...)}
}

// FieldErrors makes an Error with CodeInvalid about one input that breaks several rules, each in a sentence.
func FieldErrors(field string, reasons []string) *Error {
	return &Error{Code: CodeInvalid, Field: field, Message: strings.Join(reasons, " "), Reasons: reasons}
}

// WrapError makes an Error whose cause goes to the log and not outside.
func WrapError(code Code, err error, message string) *Error {
	return &Error{Code: code, Message: message, Err: err}
}

// AsError finds the Error in err's chain. An error without one becomes CodeInternal with a sentence that tells nothing
// of the inside; nil stays nil.
func AsError(err error) *Error {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	return WrapError(CodeInternal, err, "Something went wrong in the server. The fault has been logged.")
}

// CodeOf gives the code of err: empty for nil, CodeInternal for an error that has none.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	return AsError(err).Code
}
