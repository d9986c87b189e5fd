package external

import "time"

// SetCallTimeout bounds each call, for tests that count calls.
func (k *Kinesis) SetCallTimeout(d time.Duration) { k.callTimeout = d }
