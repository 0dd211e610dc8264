package earshot

// Mail is a message of the server's own, in plain text, to one person. It never holds what was said in a room.
type Mail struct {
	// To is one address, as ValidateEmail lets it through.
	To string
	// Subject is one line.
	Subject string
	Text    string
}

// Mailer sends mail.
type Mailer interface {
	// Send takes the mail over, to be sent in its own time, and never waits for it. CodeInvalid for an address or a subject
	// that could be taken for more than that; CodeBusy if too many wait.
	Send(m Mail) error
}
