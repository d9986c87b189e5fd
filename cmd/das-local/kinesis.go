package main

import "github.com/das-local/das-local/emulator"

// kinesisFlags defines the flags of the Kinesis service.
func kinesisFlags(fs flagSet, o *emulator.Options) {
	fs.Int64Var(&o.KinesisBytes, "kinesis-bytes", 0, "`BYTES` that Kinesis records may take; beyond it the oldest go. 0: 256 MiB in memory, three quarters of the disk's free room in --data-dir")
	fs.BoolVar(&o.KinesisLimits, "kinesis-limits", false, "have each shard take and give no more than one of AWS's: 1 MB and 1,000 records a second in, 2 MB and five GetRecords a second out")
}
