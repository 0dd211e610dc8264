package openid

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// maxAnswer is the longest answer that is taken of a provider, in bytes. Large key sets have some ten thousand.
const maxAnswer = 1 << 20

// errTooLong is for an answer over the bound.
var errTooLong = fmt.Errorf("an answer of more than %d bytes", maxAnswer)

// newClient makes a client that reads no more of an answer than maxAnswer, waits no longer than the time for it, and follows no
// redirects: with one, the secret would be sent to whoever is named there.
func newClient(roots *x509.CertPool, timeout time.Duration) *http.Client {
	return &http.Client{
		Timeout:       timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: bounded{&http.Transport{
			Proxy: http.ProxyFromEnvironment, TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
			ForceAttemptHTTP2: true, MaxIdleConnsPerHost: 2, IdleConnTimeout: 30 * time.Second, TLSHandshakeTimeout: timeout,
			MaxResponseHeaderBytes: 64 << 10,
		}},
	}
}

// bounded is a transport whose answers fail past maxAnswer.
type bounded struct{ inner *http.Transport }

// RoundTrip implements http.RoundTripper.
func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := b.inner.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	answer.Body = &shortBody{ReadCloser: answer.Body, left: maxAnswer}
	return answer, nil
}

// CloseIdleConnections is what http.Client looks for.
func (b bounded) CloseIdleConnections() { b.inner.CloseIdleConnections() }

// shortBody fails past its bound, so that what is cut off is not taken for the whole.
type shortBody struct {
	io.ReadCloser
	left int
}

// Read gives what there is, up to the bound.
func (b *shortBody) Read(into []byte) (int, error) {
	n, err := b.ReadCloser.Read(into)
	if n > b.left {
		return 0, errTooLong
	}
	b.left -= n
	return n, err
}

// getJSON asks for a document. Its errors say nothing of what stands in it.
func (p *Provider) getJSON(ctx context.Context, address string, into any) (err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return err
	}
	r.Header.Set("Accept", "application/json")
	answer, err := p.client.Do(r)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, answer.Body.Close()) }()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("it answered with the status %d", answer.StatusCode)
	}
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return err
	}
	if json.Unmarshal(text, into) != nil {
		return errors.New("it answered with something that is not the JSON it should be")
	}
	return nil
}
