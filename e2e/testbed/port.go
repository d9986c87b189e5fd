package testbed

import (
	"fmt"
	"math/rand/v2"
	"net"
)

// Ports of tests: below those that systems hand out by themselves (Linux from 32768 on, others
// from 49152 on), so that no connection and no other listener is given one before it is
// used, or while what has it is started again. Each begins a block for the instances
// that das-local adds, which take the following ports.
const (
	firstPort  = 20_000
	endOfPorts = 32_000
	portBlock  = 8
)

// FreePorts returns n different TCP ports of the loopback address that nobody
// listens on now.
func FreePorts(n int) ([]int, error) {
	ports := make([]int, 0, n)
	const tries = 1000
	var err error
	for range tries {
		if len(ports) == n {
			return ports, nil
		}
		var l net.Listener
		port := firstPort + portBlock*rand.IntN((endOfPorts-firstPort)/portBlock)
		if l, err = net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port)); err != nil {
			continue
		}
		defer l.Close() // all stay open until the last is found, so that they differ
		ports = append(ports, port)
	}
	return nil, fmt.Errorf("find a free port: %w", err)
}
