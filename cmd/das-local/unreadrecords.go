package main

import (
	"errors"
	"fmt"
	"log/slog"

	"github.com/aws/smithy-go"

	"github.com/das-local/das-local/internal/consumer"
)

// unreadRecords counts the records that tail cannot read. It logs each cause once for as
// long as no other comes between.
type unreadRecords struct {
	log     *slog.Logger
	explain func(error) error // says where nobody answers, and what to do
	n       int
	cause   string // of the last one
	fix     string
}

func (u *unreadRecords) add(err *consumer.RecordError) {
	u.n++
	cause, fix := u.explainRecord(err.Err)
	if u.n == 1 || cause != u.cause {
		u.log.Warn("a record cannot be read", "cause", u.explain(err))
	}
	u.cause, u.fix = cause, fix
}

// error is nil if all records were read.
func (u *unreadRecords) error() error {
	switch u.n {
	case 0:
		return nil
	case 1:
		return fmt.Errorf("one record could not be read: %s%s", u.cause, u.fix)
	}
	return fmt.Errorf("%d records could not be read, the last because of this: %s%s", u.n, u.cause, u.fix)
}

// explainRecord is what does not differ from record to record, and what helps, unless the
// cause says that already.
func (u *unreadRecords) explainRecord(err error) (cause, fix string) {
	var api smithy.APIError
	if !errors.As(err, &api) {
		if explained := u.explain(err); explained != err {
			return explained.Error(), ""
		}
		return err.Error(), "; the record is damaged, or not an activity stream's"
	}
	cause = api.ErrorCode()
	if m := api.ErrorMessage(); m != "" {
		cause += ": " + m
	}
	switch api.ErrorCode() {
	case "DisabledException":
		fix = "enable the KMS key (aws kms enable-key) and read again"
	case "KMSInvalidStateException":
		fix = "bring the KMS key into the state Enabled (aws kms cancel-key-deletion, enable-key) and read again"
	case "AccessDeniedException":
		fix = "allow the caller kms:Decrypt on the KMS key"
	case "NotFoundException":
		fix = "the key is not in this KMS: give the one that has it with --kms-endpoint"
	case "InvalidCiphertextException":
		fix = "the key was made by another KMS, or for another cluster than the stream's name says: give the KMS with --kms-endpoint"
	default:
		fix = "see that KMS works, and read again"
	}
	return cause, "; " + fix
}
