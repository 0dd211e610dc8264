// Package faults puts a bad network between a real server and many clients, kills and upgrades the server under them, and
// then holds what each client heard to the promises: one order, nothing twice, nothing from outside a stay, nothing
// acknowledged that is missing, and every loss announced.
//
//	go test ./e2e/faults -args -for 3m -clients 200 -rooms 20 -seed 7
//
// It works where a server can be upgraded by a signal. The network's faults come from the seed; what the goroutines make of them does not.
package faults
