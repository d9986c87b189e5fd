package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/jackc/pgx/v5"

	"github.com/das-local/das-local/internal/consumer"
)

// check starts das-local once more, reads the whole stream and judges it. What was
// queued is published before a statement that is run now.
func (m *machine) check(ctx context.Context) (v verdict, err error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	p, err := m.launch()
	if err != nil {
		return v, err
	}
	defer kill(p)
	if err := m.awaitReady(ctx, p); err != nil {
		return v, err
	}
	keys := kms.NewFromConfig(m.aws())
	key, err := keys.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: aws.String("alias/das-local")})
	if err == nil {
		_, err = keys.EnableKey(ctx, &kms.EnableKeyInput{KeyId: key.KeyMetadata.KeyId})
	}
	if err != nil {
		return v, err
	}
	mark := fmt.Sprintf("select 'read up to here %d'", time.Now().UnixNano())
	if err := m.statement(ctx, mark); err != nil {
		return v, err
	}
	seen, corrupt, err := m.read(ctx, mark)
	if err != nil {
		return v, err
	}
	lag := m.lag
	if m.mode == "sync" {
		lag = 0
	}
	v = m.ledger.judge(seen, lag)
	v.corrupt = corrupt
	if m.guarantee == executed {
		err = m.judgeExecuted(ctx, seen)
	}
	if stopErr := p.Stop(); stopErr != nil {
		err = errors.Join(err, fmt.Errorf("the end after SIGTERM: %w", stopErr))
	}
	if v.lost+v.duplicated+v.disordered+v.corrupt > 0 {
		err = errors.Join(err, fmt.Errorf("lost %d, duplicated %d, out of order %d, corrupt %d", v.lost, v.duplicated, v.disordered, v.corrupt))
	}
	return v, err
}

func (m *machine) statement(ctx context.Context, sql string) error {
	conn, err := pgx.Connect(ctx, fmt.Sprintf("postgres://postgres@127.0.0.1:%d/postgres?sslmode=disable", m.pgPort))
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, sql, pgx.QueryExecModeSimpleProtocol)
	return errors.Join(err, conn.Close(ctx))
}

// read reads the stream of the only cluster up to a statement's event.
func (m *machine) read(ctx context.Context, mark string) (seen map[writer][]int, corrupt int, err error) {
	cfg := m.aws()
	clusters, err := rds.NewFromConfig(cfg).DescribeDBClusters(ctx, &rds.DescribeDBClustersInput{})
	if err != nil {
		return nil, 0, err
	}
	if len(clusters.DBClusters) != 1 || aws.ToString(clusters.DBClusters[0].ActivityStreamKinesisStreamName) == "" {
		return nil, 0, fmt.Errorf("%d clusters, not one with a stream", len(clusters.DBClusters))
	}
	c, err := consumer.New(consumer.Config{Kinesis: kinesis.NewFromConfig(cfg), KMS: kms.NewFromConfig(cfg),
		StreamName: *clusters.DBClusters[0].ActivityStreamKinesisStreamName, Follow: true})
	if err != nil {
		return nil, 0, err
	}
	seen, m.unknown = make(map[writer][]int), make(unknowns)
	for event, err := range c.Events(ctx) {
		var bad *consumer.RecordError
		if errors.As(err, &bad) {
			corrupt++
			continue
		}
		if err != nil {
			return nil, corrupt, err
		}
		if event.Heartbeat {
			continue
		}
		d, err := event.Decode()
		if err != nil {
			corrupt++
			continue
		}
		if d.CommandText == nil {
			continue
		}
		if *d.CommandText == mark {
			return seen, corrupt, nil
		}
		var w writer
		var n int
		if k, _ := fmt.Sscanf(*d.CommandText, "insert into crash values (%d, %d, %d)", &w.round, &w.session, &n); k == 3 {
			seen[w] = append(seen[w], n)
			m.unknown.note(w, n, d)
		}
	}
	return nil, corrupt, fmt.Errorf("the stream ended: %w", ctx.Err())
}
