package emulator

import (
	"errors"
	"fmt"
	"net"
	"syscall"
)

// listenCause says what to do about an address that cannot be listened on.
func listenCause(err error, flag string) error {
	addr := ""
	var op *net.OpError
	if errors.As(err, &op) && op.Addr != nil {
		addr = op.Addr.String()
	}
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("%s is taken by another process; stop it or give another address with %s", addr, flag)
	case errors.Is(err, syscall.EACCES):
		return fmt.Errorf("%s needs privileges; give a port above 1023 with %s", addr, flag)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return fmt.Errorf("%s is not an address of this machine; give another with %s", addr, flag)
	}
	return fmt.Errorf("%w; give another address with %s", err, flag)
}
