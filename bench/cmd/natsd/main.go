// Command natsd is nats-server with a WebSocket listener and as many users as the benchmark has.
//
//	natsd 127.0.0.1:8000 10000
package main

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"strconv"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "natsd:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 2 {
		return errors.New("natsd ADDRESS:PORT USERS")
	}
	addr, err := netip.ParseAddrPort(args[0])
	if err != nil {
		return err
	}
	count, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	users := make([]*server.User, count)
	for i := range users {
		name := fmt.Sprintf("user%05d", i)
		users[i] = &server.User{Username: name, Password: "secret-" + name}
	}
	s, err := server.NewServer(&server.Options{
		// The listener for NATS's own protocol is there because it has to be; its port is the system's choice.
		Host: addr.Addr().String(), Port: server.RANDOM_PORT, Users: users, NoLog: true,
		Websocket: server.WebsocketOpts{Host: addr.Addr().String(), Port: int(addr.Port()), NoTLS: true},
	})
	if err != nil {
		return err
	}
	s.Start()
	if !s.ReadyForConnections(10 * time.Second) {
		return errors.New("it does not listen after 10 s")
	}
	s.WaitForShutdown()
	return nil
}
