package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
)

// relay copies bytes between clients and a server and knows nothing of either.
type relay struct {
	listener net.Listener
	server   string
	running  sync.WaitGroup
}

func startRelay(server string) (*relay, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("start a relay: %w", err)
	}
	r := &relay{listener: l, server: server}
	r.running.Go(r.accept)
	return r, nil
}

func (r *relay) port() int { return r.listener.Addr().(*net.TCPAddr).Port }

// stop ends the relay once its clients are gone.
func (r *relay) stop() error {
	err := r.listener.Close()
	r.running.Wait()
	return err
}

func (r *relay) accept() {
	for {
		client, err := r.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err == nil {
			r.running.Go(func() { r.serve(client.(*net.TCPConn)) })
		}
	}
}

// serve copies until both sides have ended.
func (r *relay) serve(client *net.TCPConn) {
	defer client.Close()
	server, err := net.Dial("tcp", r.server)
	if err != nil {
		return // the client sees its connection end
	}
	defer server.Close()
	var up sync.WaitGroup
	up.Go(func() { pump(server.(*net.TCPConn), client) })
	pump(client, server.(*net.TCPConn))
	up.Wait()
}

// pump copies one direction. A side that has gone is of no use to the other.
func pump(to, from *net.TCPConn) {
	if _, err := io.Copy(to, from); err != nil {
		to.Close()
		from.Close()
		return
	}
	_ = to.CloseWrite() // fails if it has gone meanwhile
}
