package leakcheck

import (
	"net"
	"strings"
	"testing"
)

func TestMain(m *testing.M) { Main(m) }

func TestLeftOpen(t *testing.T) {
	before := openFiles()
	if before == nil {
		t.Skip("this system does not list the open files of a process")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := leftOpen(before); err == nil || !strings.HasPrefix(err.Error(), "1 file descriptors") || !strings.Contains(err.Error(), "socket:") {
		t.Errorf("an open listener: %v", err)
	}
	l.Close()
	if err := leftOpen(before); err != nil {
		t.Errorf("after it is closed: %v", err)
	}
}
