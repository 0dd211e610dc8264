// Package websocket is what the transports that speak WebSocket have in common (RFC 6455, and RFC 8441 over HTTP/2): how they
// take a connection or a stream over from net/http, how a frame stands in memory, and who is connected.
package websocket
