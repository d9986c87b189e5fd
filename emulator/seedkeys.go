package emulator

import (
	"context"
	"maps"
	"slices"

	"github.com/das-local/das-local/kmsfake"
)

// seedKeys makes the KMS keys that the user has chosen, as far as the data directory
// does not have them.
func (e *Emulator) seedKeys(ctx context.Context) error {
	for _, id := range slices.Sorted(maps.Keys(e.opts.KMSKeys)) {
		if _, err := e.kms.SeedKey(ctx, kmsfake.KeyOptions{ID: id, Material: e.opts.KMSKeys[id]}); err != nil {
			return err
		}
	}
	return nil
}
