package sse

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/wire"
)

const (
	// sessionHeader names the stream whose session a request is for, by the secret of its hello. It is no part of the address,
	// because those are written to logs.
	sessionHeader = "Earshot-Session"
	// maxQueue is how many requests of a stream may wait for one another.
	maxQueue = 8
	// answerTime is for writing the answer to a request, however long that took.
	answerTime = 10 * time.Second
)

// Tell takes what a client sends: commands of a stream's session (POST with its secret), the end of the session (DELETE with
// it), or a line to be said in a room (POST with a room). Origin and log-in have been checked. An error means that nothing
// was written: CodeMalformed, CodeTooLarge, CodeNotFound for a stream that is over or somebody else's, CodeBusy, and those
// of saying something.
func (s *Server) Tell(w http.ResponseWriter, r *http.Request, user earshot.User, credential earshot.SecretHash) error {
	by := who{user.ID, credential}
	room, secrets := r.URL.Query()["room"], r.Header.Values(sessionHeader)
	switch {
	case len(secrets) == 1 && len(room) == 0:
		st, err := s.find(secrets[0], by)
		if err != nil {
			return err
		}
		if r.Method == http.MethodDelete {
			st.finish(codeNormal, "the client has ended the session", nil)
		} else if err := st.command(w, r); err != nil {
			return err
		}
		w.Header().Set("Cache-Control", "no-store")
		w.WriteHeader(http.StatusNoContent)
		return nil
	case len(secrets) == 0 && len(room) == 1 && r.Method == http.MethodPost:
		return s.line(w, r, &user, by, room[0])
	default:
		return earshot.Errorf(earshot.CodeMalformed,
			"Send commands with the header %s, or a line with a room, as in /events?room=lobby.", sessionHeader)
	}
}

// command carries out the commands of a request, one a line. They are answered on the stream.
func (st *stream) command(w http.ResponseWriter, r *http.Request) error {
	if st.queue.Add(1) > maxQueue {
		st.queue.Add(-1)
		return &earshot.Error{
			Code: earshot.CodeBusy, Message: "Wait until what you sent before is done.", RetryAfter: time.Second,
		}
	}
	defer st.queue.Add(-1)
	body, err := readBody(w, r, st.srv.greeting.FrameBytes)
	defer clear(body)
	if err != nil {
		return err
	}
	select {
	case st.turn <- struct{}{}:
		defer func() { <-st.turn }()
	case <-r.Context().Done():
		return r.Context().Err()
	case <-st.over:
		return errNoStream()
	}
	for line := range bytes.Lines(body) {
		if line = bytes.TrimSpace(line); len(line) > 0 && !st.obey(line) {
			break
		}
	}
	// Coming back takes as long as the client takes to read what it missed.
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(answerTime))
	return nil
}

// obey carries out one command; false if the stream is over.
func (st *stream) obey(text []byte) bool {
	st.mu.Lock()
	over := st.code != 0
	st.mu.Unlock()
	if over {
		return false
	}
	if !st.session.Frame() {
		st.Close(earshot.CloseAbuse)
		return false
	}
	cmd, err := wire.Decode(text)
	defer cmd.Clear()
	if err != nil {
		st.talk().Refuse(cmd.Ref, err)
		if st.refused++; st.refused > maxRefused {
			st.Close(earshot.CloseAbuse)
		}
		return true
	}
	st.refused = max(st.refused-1, 0)
	st.do(&cmd)
	return true
}

// readBody reads a body of at most so many bytes, as it is: a body that is compressed is refused unread. What it gives is
// the caller's to clear, also beside an error.
func readBody(w http.ResponseWriter, r *http.Request, most int) ([]byte, error) {
	if coding := r.Header.Get("Content-Encoding"); coding != "" && !strings.EqualFold(coding, "identity") {
		return nil, earshot.Errorf(earshot.CodeMalformed, "A request must not be compressed.")
	}
	tooLarge := earshot.Errorf(earshot.CodeTooLarge, "A request has at most %d bytes.", most)
	if r.ContentLength > int64(most) {
		return nil, tooLarge
	}
	// Of the length that it says, or the longest, so that no buffer is left behind by growing.
	size := most
	if r.ContentLength >= 0 {
		size = int(r.ContentLength)
	}
	body := make([]byte, size+1)
	n, err := io.ReadFull(http.MaxBytesReader(w, r.Body, int64(most)), body)
	_, over := errors.AsType[*http.MaxBytesError](err)
	switch {
	case over:
		return body, tooLarge
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		// net/http tells a body that is shorter than it says by this error, too.
		if r.ContentLength > int64(n) {
			return body, earshot.WrapError(earshot.CodeMalformed, err, "The request broke off.")
		}
		return body[:n], nil
	default:
		return body, earshot.WrapError(earshot.CodeMalformed, err, "The request broke off.")
	}
}
