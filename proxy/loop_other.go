//go:build !linux

package proxy

import (
	"errors"
	"net"
)

// A loop is for Linux only; elsewhere goroutines relay.
type loop struct{}

func newLoop(*Proxy) (*loop, error) { return nil, nil }

func (*loop) add(*rider) bool { return false }
func (*loop) release(*rider)  {}
func (*loop) close()          {}

func duplicate(*leg) (int, error) { return -1, errors.ErrUnsupported }
func closeFD(int)                 {}
func shutFD(int)                  {}
func connOf(int) net.Conn         { return nil }

const again = -1

func rawRead(int, []byte) int  { return again }
func rawWrite(int, []byte) int { return 0 }
