// Package proc runs a server on a processor of its own and reads what it uses. Linux only.
package proc
