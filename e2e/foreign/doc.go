// Package foreign has clients that are not ours talk to the real server: curl, Node's ws, Python's websockets, and Go's
// coder/websocket; over plain TCP and over TLS with the certificate that the server makes.
//
// Each logs in over the REST API with name and password, opens a WebSocket with the cookie that it got, joins a room, says
// something there and hears it, hears what somebody answers who is there by Earshot's own client, sends a ping and gets its
// pong, and closes in order. It does so on the socket without and with compression, and on /chat/stream/.
package foreign
