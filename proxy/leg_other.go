//go:build !unix

package proxy

import "net"

const canReadRaw = false

func (l *leg) tryRead(uintptr) bool { return true }

// unread cannot tell here; the TLS handshake then fails on such bytes.
func unread(net.Conn) bool { return false }
