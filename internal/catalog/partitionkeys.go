package catalog

import (
	"context"
	"errors"
)

// lazyKeys is the version from which on a partitioned table is opened without its key. Before, the server plans
// the key's expressions then, which evaluates constants in them by the client's functions (RelationBuildPartitionKey).
const lazyKeys = 130000

var errPartitionKeys = errors.New("catalog: this version of PostgreSQL evaluates partition keys when it opens their tables")

// withoutPartitionKeys asks what opens clients' relations, on a server before lazyKeys: only if there are no expressions in
// partition keys, and with a lock that keeps it so. The settings that ask makes end with its transaction.
func (d *database) withoutPartitionKeys(ctx context.Context, ask func() (any, int, error)) (value any, cost int, err error) {
	defer d.rollback(ctx)
	for _, sql := range []string{"BEGIN", "LOCK TABLE pg_catalog.pg_partitioned_table IN SHARE MODE"} {
		if _, err := d.query(ctx, sql); err != nil {
			return nil, 0, err
		}
	}
	rows, err := d.query(ctx, "SELECT FROM pg_catalog.pg_partitioned_table WHERE partexprs IS NOT NULL LIMIT 1")
	if err != nil {
		return nil, 0, err
	}
	if len(rows) > 0 {
		return nil, 0, errPartitionKeys
	}
	return ask()
}
