package catalog

import (
	"context"
	"maps"
	"slices"
	"strconv"

	"github.com/jackc/pgx/v5"
)

// tempSchema is the temporary schema of one session.
type tempSchema struct {
	name   string
	proven bool
}

// TempSchema is the name of the session's temporary schema, whether it exists yet or not; false if it cannot be
// told. It is the same for as long as the session lasts.
func (c *Catalog) TempSchema(ctx context.Context, s *Session) (string, bool) {
	t := c.temp(ctx, s)
	return t.name, t.proven
}

// temp returns the temporary schema of s, which may not exist yet.
func (c *Catalog) temp(ctx context.Context, s *Session) tempSchema {
	if s.PID == 0 {
		return tempSchema{}
	}
	k := key{kind: kindTemp, database: s.Database, num: uint64(uint32(s.PID))}
	t, _ := c.lookup(ctx, &k).(tempSchema)
	return t
}

// backendsSQL is for PostgreSQL 16 and later, where the set has true backend
// numbers.
const backendsSQL = `
SELECT i FROM pg_stat_get_backend_idset() i WHERE pg_stat_get_backend_pid(i) = $1::int`

// ranksSQL is for the versions before: the set only has positions ('r') in the list of
// live processes, which is in the order of their backend numbers. Whoever
// is in a transaction, and so the side connection itself, has a lock that shows its number ('n').
const ranksSQL = `
SELECT 'r', i, pg_stat_get_backend_pid(i) FROM pg_stat_get_backend_idset() i
UNION ALL
SELECT 'n', split_part(virtualtransaction, '/', 1)::int, pid FROM pg_locks
WHERE locktype = 'virtualxid' AND pid IS NOT NULL`

// maxProbes bounds the connections that are opened to find one number. A new
// connection gets the lowest free number: each one closes a gap, and once there is none every
// number is known.
const maxProbes = 8

func (d *database) temp(ctx context.Context, pid int32) (any, int, error) {
	if d.side.version >= 160000 {
		rows, err := d.query(ctx, backendsSQL, strconv.Itoa(int(pid)))
		if err != nil || len(rows) != 1 {
			return nil, 0, err
		}
		return newTempSchema(int(oid(rows[0][0]))), 64, nil
	}
	b := backends{numbers: map[int32]int{}}
	if err := b.read(ctx, d.side.conn); err != nil {
		return nil, 0, err
	}
	number := backendNumber(pid, b.ranks, b.numbers)
	for range maxProbes {
		if number != 0 || !slices.Contains(b.ranks, pid) {
			break
		}
		probe, err := d.probe(ctx)
		if err != nil {
			break
		}
		defer d.closeProbe(probe)
		if err := b.read(ctx, probe); err != nil {
			break
		}
		number = backendNumber(pid, b.ranks, b.numbers)
	}
	if number == 0 {
		return nil, 0, nil
	}
	return newTempSchema(number), 64, nil
}

func newTempSchema(number int) tempSchema {
	return tempSchema{name: "pg_temp_" + strconv.Itoa(number), proven: true}
}

// backends is what is known of the server's processes.
type backends struct {
	ranks   []int32       // process ids by ascending backend number
	numbers map[int32]int // backend numbers by process id, as far as they are known
}

// read replaces the ranks and adds to the numbers, which hold for a process's life.
func (b *backends) read(ctx context.Context, conn *pgx.Conn) error {
	r := conn.PgConn().ExecParams(ctx, ranksSQL, nil, nil, nil, nil).Read()
	if r.Err != nil {
		return r.Err
	}
	b.ranks = make([]int32, 0, len(r.Rows))
	byRank := map[int]int32{}
	for _, row := range r.Rows {
		n, pid := int(oid(row[1])), int32(oid(row[2]))
		if char(row[0]) == 'n' {
			b.numbers[pid] = n
		} else {
			byRank[n] = pid
		}
	}
	for _, rank := range slices.Sorted(maps.Keys(byRank)) {
		b.ranks = append(b.ranks, byRank[rank])
	}
	return nil
}

// probe opens a connection of the same kind for a moment, if a slot is free.
func (d *database) probe(ctx context.Context) (*pgx.Conn, error) {
	select {
	case d.c.slots <- struct{}{}:
	default:
		return nil, errBusy
	}
	conn, err := d.c.cfg.Connect(ctx, d.name)
	if err == nil {
		if _, err = conn.PgConn().Exec(ctx, setup).ReadAll(); err == nil {
			return conn, nil
		}
		d.closeProbe(conn)
		return nil, err
	}
	<-d.c.slots
	return nil, err
}

func (d *database) closeProbe(conn *pgx.Conn) {
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	_ = conn.Close(ctx) // nothing is lost with it
	<-d.c.slots
}

// backendNumber deduces the number of pid; 0 if it can not be proven.
// ranks lists the live processes by ascending number, numbers has those that are
// known. Between two known processes as far apart in rank as in number there is no
// gap, so the ones between are known too; before the first comes number 0.
func backendNumber(pid int32, ranks []int32, numbers map[int32]int) int {
	if n := numbers[pid]; n != 0 {
		return n
	}
	at := slices.Index(ranks, pid)
	if at < 0 {
		return 0
	}
	lowRank, lowNumber := -1, 0
	for i := at - 1; i >= 0; i-- {
		if n := numbers[ranks[i]]; n != 0 {
			lowRank, lowNumber = i, n
			break
		}
	}
	for i := at + 1; i < len(ranks); i++ {
		n := numbers[ranks[i]]
		if n == 0 {
			continue
		}
		if n-lowNumber == i-lowRank {
			return lowNumber + at - lowRank
		}
		break
	}
	return 0
}
