package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/jackc/pgx/v5"

	"github.com/das-local/das-local/e2e/testbed"
)

// script is a transaction of pgbench: three statements with the client's number and
// the transaction's.
const script = `\set n :n + 1
insert into soak values (:client_id, :n);
update soak_last set n = :n where client = :client_id;
select 'soak', :client_id, :n from soak_last where client = :client_id;
`

const statementsEach = 3

// setUp makes the tables, past das-local, and finds the stream.
func (s *soak) setUp(ctx context.Context) error {
	err := s.pg.Exec(ctx, "postgres", "create table soak (client int, n int)", "create table soak_last (client int primary key, n int)",
		fmt.Sprintf("insert into soak_last select c, 0 from generate_series(0, %d) c", s.clients-1))
	if err != nil {
		return err
	}
	out, err := rds.NewFromConfig(s.aws()).DescribeDBClusters(ctx, &rds.DescribeDBClustersInput{})
	if err != nil {
		return err
	}
	s.stream = aws.ToString(out.DBClusters[0].ActivityStreamKinesisStreamName)
	return os.WriteFile(filepath.Join(s.dir, "script.sql"), []byte(script), 0o644)
}

// pgbench works through das-local. Any error of a session is its error.
func (s *soak) pgbench(ctx context.Context) error {
	args := []string{"-n", "-c", strconv.Itoa(s.clients), "-j", "2", "-T", strconv.Itoa(max(1, int(s.duration.Seconds()))), "-D", "n=0",
		"-f", filepath.Join(s.dir, "script.sql"), "-h", "127.0.0.1", "-p", strconv.Itoa(s.process.PGPort), "-U", "postgres"}
	if s.rate > 0 {
		args = append(args, "-R", strconv.Itoa(s.rate))
	}
	cmd := exec.CommandContext(ctx, "pgbench", append(args, "postgres")...)
	cmd.Env = append(testbed.CleanEnv(), "PGSSLMODE=disable")
	out, err := cmd.CombinedOutput()
	if text := string(out); err != nil || strings.Contains(text, "aborted") || strings.Contains(text, "ERROR") || strings.Contains(text, "FATAL") {
		return fmt.Errorf("a session of pgbench has failed: %w\n%s", err, text)
	}
	return nil
}

// transactions are the numbers of transactions by client.
type transactions []int

func (t transactions) transactions() (n int) {
	for _, one := range t {
		n += one
	}
	return n
}

// written asks the database, past das-local, what pgbench has done.
func (s *soak) written(ctx context.Context) (transactions, error) {
	conn, err := pgx.Connect(ctx, s.pg.URL("postgres"))
	if err != nil {
		return nil, err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	rows, err := conn.Query(ctx, "select l.client, l.n, count(s.n) from soak_last l left join soak s using (client) group by 1, 2 order by 1")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var t transactions
	for rows.Next() {
		var client, last, count int
		if err := rows.Scan(&client, &last, &count); err != nil {
			return nil, err
		}
		if client != len(t) || last != count {
			return nil, fmt.Errorf("client %d has %d rows, and its last is %d", client, count, last)
		}
		t = append(t, last)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	if t.transactions() == 0 {
		return nil, fmt.Errorf("pgbench has done nothing")
	}
	return t, nil
}
