package emulator

import (
	"context"

	"github.com/das-local/das-local/internal/external"
	"github.com/das-local/das-local/internal/stream"
)

// externalPublisher stores a stream's records in an external Kinesis, and then has the
// data directory forget what they were made of. A process that ends in between publishes
// them again: at least once.
type externalPublisher struct {
	writer *external.Writer
	spool  spool
	stored []stream.Record             // which the data directory must forget yet; without data
	open   func(context.Context) error // finds or makes the Kinesis stream before the first put; nil: that is done
}

// PutRecords implements stream.Publisher.
func (p *externalPublisher) PutRecords(ctx context.Context, _ string, records []stream.Record) error {
	if p.open != nil {
		if err := p.open(ctx); err != nil {
			return err
		}
		p.open = nil
	}
	put := make([]external.Record, len(records))
	for i, r := range records {
		put[i] = external.Record{PartitionKey: r.PartitionKey, Data: r.Data, Lane: r.Lane}
	}
	if err := p.writer.Put(ctx, put); err != nil {
		return err
	}
	if p.spool.disk == nil {
		return nil
	}
	for _, r := range records {
		if r.Spooled != 0 || len(r.Settled) > 0 {
			p.stored = append(p.stored, stream.Record{Spooled: r.Spooled, Settled: r.Settled})
		}
	}
	if len(p.stored) == 0 {
		return nil
	}
	forget := p.spool.published(p.stored)
	if p.spool.disk.Commit(context.WithoutCancel(ctx), &forget) == nil {
		p.stored = nil // else with the next records: these must not be put again
	}
	return nil
}
