package emulator

import (
	"context"

	"github.com/das-local/das-local/internal/external"
	"github.com/das-local/das-local/internal/stream"
)

// externalPublisher stores a stream's records in an external Kinesis, and then removes
// what they were made of from the spool. A process that ends in between publishes them
// again: at least once.
type externalPublisher struct {
	writer *external.Writer
	disk   spool
	forget []uint64 // positions in the spool that are published
}

// PutRecords implements stream.Publisher.
func (p *externalPublisher) PutRecords(ctx context.Context, _ string, records []stream.Record) error {
	put := make([]external.Record, len(records))
	for i, r := range records {
		put[i] = external.Record{PartitionKey: r.PartitionKey, Data: r.Data, Lane: r.Lane}
	}
	if err := p.writer.Put(ctx, put); err != nil {
		return err
	}
	for _, r := range records {
		if r.Spooled != 0 {
			p.forget = append(p.forget, r.Spooled)
		}
	}
	if len(p.forget) > 0 && p.disk.Remove(context.WithoutCancel(ctx), p.forget) == nil {
		p.forget = nil // else with the next records: these are stored, and must not be put again
	}
	return nil
}
