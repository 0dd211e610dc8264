package wire

import (
	"errors"

	"github.com/go-json-experiment/json/jsontext"
)

// errNoText: the value is no string.
var errNoText = errors.New("wire: not a string")

// UnmarshalJSONFrom reads a JSON string into memory of its own.
func (t *Text) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	value, err := dec.ReadValue()
	if err != nil {
		return err
	}
	if value.Kind() != '"' {
		return errNoText
	}
	// What is read is never longer than what it was written with.
	*t, err = jsontext.AppendUnquote(make([]byte, 0, len(value)), value)
	return err
}

// MarshalJSONTo writes a JSON string.
func (t *Text) MarshalJSONTo(enc *jsontext.Encoder) error {
	quoted, err := jsontext.AppendQuote(nil, []byte(*t))
	if err != nil {
		return err
	}
	return enc.WriteValue(quoted)
}
