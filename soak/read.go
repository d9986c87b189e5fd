package main

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/jackc/pgx/v5"

	"github.com/das-local/das-local/internal/consumer"
)

// readPatience bounds the reading of what is left when pgbench has ended.
const readPatience = 5 * time.Minute

// reader counts what it sees of pgbench's statements in the stream.
type reader struct {
	mu    sync.Mutex
	seen  map[string][]uint8 // by statement and client: how often each number was there
	twice int
	total int
	marks map[string]bool
}

func newReader() *reader { return &reader{seen: map[string][]uint8{}, marks: map[string]bool{}} }

// Forms of the script's statements, in an event's JSON.
var (
	forms = map[string]*regexp.Regexp{
		"insert": regexp.MustCompile(`"commandText":"insert into soak values \((\d+), (\d+)\);?"`),
		"update": regexp.MustCompile(`"commandText":"update soak_last set n = (?P<n>\d+) where client = (?P<client>\d+);?"`),
		"select": regexp.MustCompile(`"commandText":"select 'soak', (\d+), (\d+) from `),
	}
	markForm = regexp.MustCompile(`"commandText":"select 'mark (\d+)'"`)
)

// read follows the stream until ctx ends.
func (r *reader) read(ctx context.Context, s *soak) error {
	c, err := consumer.New(consumer.Config{Kinesis: kinesis.NewFromConfig(s.aws()), KMS: kms.NewFromConfig(s.aws()), StreamName: s.stream, Follow: true})
	if err != nil {
		return err
	}
	for event, err := range c.Events(ctx) {
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		r.count(event.JSON)
	}
	return errors.New("the stream has ended")
}

// count looks at an event.
func (r *reader) count(event []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for name, form := range forms {
		m := form.FindSubmatch(event)
		if m == nil {
			continue
		}
		client, number := m[1], m[2]
		if name == "update" {
			client, number = number, client
		}
		n, err := strconv.Atoi(string(number))
		if err != nil || n < 1 || n > 1<<28 {
			return
		}
		of := name + " " + string(client)
		list := r.seen[of]
		for len(list) < n {
			list = append(list, 0)
		}
		if list[n-1]++; list[n-1] > 1 {
			r.twice++
		} else {
			r.total++
		}
		r.seen[of] = list
		return
	}
	if m := markForm.FindSubmatch(event); m != nil {
		r.marks[string(m[1])] = true
	}
}

func (r *reader) statements() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.total
}

func (r *reader) duplicated() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.twice
}

// missing counts the statements that were not seen, and those that nobody ran.
func (r *reader) missing(want transactions) (missing, more int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for name := range forms {
		for client, n := range want {
			list := r.seen[fmt.Sprint(name, " ", client)]
			more += max(0, len(list)-n)
			for i := range n {
				if i >= len(list) || list[i] == 0 {
					missing++
				}
			}
		}
	}
	return missing, more
}

// await waits until all statements were read, and what came behind them.
func (r *reader) await(ctx context.Context, want transactions, s *soak) error {
	ctx, cancel := context.WithTimeout(ctx, readPatience)
	defer cancel()
	for i := range 2 {
		mark := fmt.Sprint(i)
		conn, err := pgx.Connect(ctx, s.process.URL("postgres", "postgres", "soak"))
		if err != nil {
			return err
		}
		_, err = conn.Exec(ctx, fmt.Sprintf("select 'mark %s'", mark), pgx.QueryExecModeSimpleProtocol)
		if err := errors.Join(err, conn.Close(ctx)); err != nil {
			return err
		}
		for {
			missing, more := r.missing(want)
			r.mu.Lock()
			marked := r.marks[mark]
			r.mu.Unlock()
			if missing == 0 && marked {
				if twice := r.duplicated(); twice > 0 || more > 0 {
					return fmt.Errorf("%d events are there twice, %d of statements that nobody ran", twice, more)
				}
				break
			}
			if !sleep(ctx, 50*time.Millisecond) {
				return fmt.Errorf("%d events are missing (the last statement was read: %v)", missing, marked)
			}
		}
	}
	return nil
}
