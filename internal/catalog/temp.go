package catalog

import (
	"context"
	"slices"
	"strconv"
)

// tempSchema is the temporary schema of one session.
type tempSchema struct {
	name   string
	proven bool
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

func (d *database) temp(ctx context.Context, pid int32) (any, int, error) {
	var number int
	if d.side.version >= 160000 {
		rows, err := d.query(ctx, backendsSQL, strconv.Itoa(int(pid)))
		if err != nil || len(rows) != 1 {
			return nil, 0, err
		}
		number = int(oid(rows[0][0]))
	} else {
		rows, err := d.query(ctx, ranksSQL)
		if err != nil {
			return nil, 0, err
		}
		numbers, ranks := map[int32]int{}, []int32{}
		for _, r := range rows {
			n, p := int(oid(r[1])), int32(oid(r[2]))
			if char(r[0]) == 'n' {
				numbers[p] = n
			} else if n > 0 && n <= len(rows) {
				ranks = slices.Grow(ranks, n)[:max(len(ranks), n)]
				ranks[n-1] = p
			}
		}
		if number = backendNumber(pid, ranks, numbers); number == 0 {
			return nil, 0, nil
		}
	}
	return tempSchema{name: "pg_temp_" + strconv.Itoa(number), proven: true}, 64, nil
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
