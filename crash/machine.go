package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/das-local/das-local/e2e/testbed"
	"github.com/das-local/das-local/internal/awsclient"
)

// machine runs das-local over and over on one data directory.
type machine struct {
	options
	mode     string
	upstream string
	dir      string
	rand     *rand.Rand
	pgPort   int
	awsPort  int

	ledger  ledger
	unknown unknowns // of the last check
	starts  int      // kills that hit a start
	crashes int      // of the server
}

// firstStarts is how many rounds hit the start of a directory that is still new.
const firstStarts = 3

// checkEvery is after how many rounds the whole stream is read.
const checkEvery = 50

func (m *machine) run(ctx context.Context) error {
	ports, err := testbed.FreePorts(2)
	if err != nil {
		return err
	}
	m.pgPort, m.awsPort = ports[0], ports[1]
	began := time.Now()
	for round := range m.rounds {
		if err := m.round(ctx, round); err != nil {
			return fmt.Errorf("round %d: %w", round, err)
		}
		if (round+1)%checkEvery == 0 && round+1 < m.rounds {
			v, err := m.check(ctx)
			if err != nil {
				return fmt.Errorf("after round %d: %w", round, err)
			}
			fmt.Printf("%s: %d rounds, %d statements in the stream, nothing wrong\n", m.mode, round+1, v.events)
		}
	}
	took := time.Since(began)
	v, err := m.check(ctx)
	fmt.Printf("%s: %d rounds (%d kills hit a start), %v a round, %d statements acknowledged, %d in the stream, %d unacknowledged, lost %d, duplicated %d, out of order %d, corrupt %d",
		m.mode, m.rounds, m.starts, (took / time.Duration(m.rounds)).Round(time.Millisecond), m.ledger.acknowledged(), v.events, v.extra, v.lost, v.duplicated, v.disordered, v.corrupt)
	if m.mode == "async" {
		fmt.Printf(", not spooled in time %d (the oldest %v before its kill)", v.tail, v.oldest.Round(time.Millisecond))
	}
	fmt.Println()
	return err
}

func (m *machine) launch() (*testbed.Process, error) {
	args := append([]string{"--upstream", m.upstream, "--data-dir", m.dir, "--start-stream", m.mode, "--heartbeat", "200ms", "--sync-timeout", "1m", "--key-reuse", "20ms", "--audit", m.audit,
		"--listen", fmt.Sprintf("127.0.0.1:%d", m.pgPort), "--aws-listen", fmt.Sprintf("127.0.0.1:%d", m.awsPort)}, m.args...)
	args = append(args, m.executedArgs()...)
	return testbed.Launch(testbed.Config{Bin: m.bin, Args: args, Addrs: true})
}

// round starts das-local, has sessions at work, and kills it.
func (m *machine) round(ctx context.Context, round int) error {
	p, err := m.launch()
	if err != nil {
		return err
	}
	defer kill(p)
	if round < firstStarts || m.rand.IntN(8) == 0 { // a kill that hits the start
		m.starts++
		time.Sleep(time.Duration(m.rand.IntN(150)) * time.Millisecond)
		return nil
	}
	if err := m.awaitReady(ctx, p); err != nil {
		return err
	}
	working, stop := context.WithCancel(ctx)
	var wg sync.WaitGroup
	defer func() {
		kill(p)
		stop()
		wg.Wait()
	}()
	for session := range m.sessions {
		wg.Go(func() { m.session(working, round, session) })
	}
	wg.Go(func() { m.churn(working) })
	if m.mode == "async" && m.rand.IntN(2) == 0 {
		wg.Go(func() { m.blockKey(working) })
	}
	life := time.Duration(50+m.rand.IntN(500)) * time.Millisecond
	if m.mode == "async" {
		life += m.lag - m.lag/4 // so that much is older than the lag
	}
	time.Sleep(life)
	if m.guarantee == executed && (m.crashes == 0 || m.rand.IntN(4) == 0) { // once at least
		if err := m.crashServer(ctx); err != nil {
			return err
		}
		time.Sleep(time.Duration(m.rand.IntN(100)) * time.Millisecond)
	}
	if !p.Alive() {
		return fmt.Errorf("das-local ended by itself:\n%s", p.Stderr)
	}
	m.ledger.killed(round)
	kill(p)
	return m.awaitServer(ctx)
}

// kill ends das-local as nothing else does, and waits until it is gone.
func kill(p *testbed.Process) {
	p.Signal(syscall.SIGKILL)
	_, _ = p.Wait(time.Minute)
}

func (m *machine) awaitReady(ctx context.Context, p *testbed.Process) error {
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(3 * time.Millisecond) {
		resp, err := http.Get(m.endpoint() + "/_das/health")
		if err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return nil
			}
		}
		if !p.Alive() || ctx.Err() != nil {
			break
		}
	}
	return errors.Join(ctx.Err(), fmt.Errorf("das-local did not start:\n%s", tail(p.Stderr.String())))
}

func tail(s string) string {
	lines := strings.Split(s, "\n")
	return strings.Join(lines[max(0, len(lines)-20):], "\n")
}

func (m *machine) endpoint() string { return fmt.Sprintf("http://127.0.0.1:%d", m.awsPort) }

func (m *machine) aws() aws.Config {
	return aws.Config{Region: "us-east-1", BaseEndpoint: aws.String(m.endpoint()),
		Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
		HTTPClient:  awsclient.Whole(awshttp.NewBuildableClient())}
}
