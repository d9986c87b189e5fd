package main

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/jackc/pgx/v5"
)

// session writes numbered rows until das-local is gone.
func (m *machine) session(ctx context.Context, round, session int) {
	url := fmt.Sprintf("postgres://postgres@127.0.0.1:%d/postgres?sslmode=disable", m.pgPort)
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return
	}
	defer conn.Close(context.WithoutCancel(ctx))
	for n := 0; ; {
		rows, err := m.work(ctx, conn, round, session, n)
		if err != nil {
			return
		}
		for range rows {
			m.ledger.acknowledge(round, session)
		}
		n += rows
	}
}

// churn fills streams and deletes them, so that the store flushes and trims.
func (m *machine) churn(ctx context.Context) {
	c := kinesis.NewFromConfig(m.aws())
	for n := 0; ctx.Err() == nil; n++ {
		name := aws.String(fmt.Sprint("churn-", n%3))
		_, _ = c.CreateStream(ctx, &kinesis.CreateStreamInput{StreamName: name, ShardCount: aws.Int32(2)})
		var records []types.PutRecordsRequestEntry
		for i := range 50 {
			records = append(records, types.PutRecordsRequestEntry{PartitionKey: aws.String(fmt.Sprint(i)), Data: bytes.Repeat([]byte{byte(i)}, 10_000)})
		}
		_, _ = c.PutRecords(ctx, &kinesis.PutRecordsInput{StreamName: name, Records: records})
		if n%3 == 2 {
			for i := range 3 {
				_, _ = c.DeleteStream(ctx, &kinesis.DeleteStreamInput{StreamName: aws.String(fmt.Sprint("churn-", i))})
			}
		}
	}
}

// blockKey keeps the stream from sealing for some time, so that events queue up.
// --key-reuse is short in async mode.
func (m *machine) blockKey(ctx context.Context) {
	c := kms.NewFromConfig(m.aws())
	key, err := c.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: aws.String("alias/das-local")})
	if err != nil {
		return
	}
	time.Sleep(time.Duration(rand.IntN(200)) * time.Millisecond)
	_, _ = c.DisableKey(ctx, &kms.DisableKeyInput{KeyId: key.KeyMetadata.KeyId})
	if rand.IntN(2) == 0 { // else the kill comes first
		time.Sleep(time.Duration(rand.IntN(500)) * time.Millisecond)
		_, _ = c.EnableKey(ctx, &kms.EnableKeyInput{KeyId: key.KeyMetadata.KeyId})
	}
}
