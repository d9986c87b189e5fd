package main

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"github.com/das-local/das-local/internal/consumer"
)

func TestUnreadRecords(t *testing.T) {
	var log bytes.Buffer
	u := unreadRecords{log: slog.New(slog.NewTextHandler(&log, nil)), explain: func(err error) error { return err }}
	if err := u.error(); err != nil {
		t.Error(err)
	}
	message := "arn:… is disabled."
	for range 102 {
		u.add(&consumer.RecordError{Err: &types.DisabledException{Message: &message}})
	}
	const want = "102 records could not be read, the last because of this: DisabledException: arn:… is disabled.; enable the KMS key"
	if err := u.error(); err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Error(err)
	}
	u.add(&consumer.RecordError{Err: errors.New("it is no JSON")})
	if n := strings.Count(log.String(), "\n"); n != 2 {
		t.Errorf("%d lines:\n%s", n, log.String())
	}
}
