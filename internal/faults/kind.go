package faults

import (
	"slices"
	"strings"
)

// Kind is what goes wrong.
type Kind string

// The kinds. The first six hit calls of AWS operations, the next three operations on
// the files of a data directory; the last three happen once, when they are added.
const (
	Throttle     Kind = "throttle"      // a call is refused: too many of them
	Failure      Kind = "error"         // a call fails with HTTP status 500
	Delay        Kind = "delay"         // a call is answered later
	SlowConsumer Kind = "slow-consumer" // reads of records are answered later
	KMSDenied    Kind = "kms-denied"    // a key can't be used
	Duplicate    Kind = "duplicate"     // a put is stored and answered with an error; a page of records comes again

	DiskFull   Kind = "disk-full"   // writes fail with ENOSPC
	FsyncError Kind = "fsync-error" // fsync fails with EIO
	ShortWrite Kind = "short-write" // a write stops half-way

	Reshard       Kind = "reshard"        // a shard is split, or two are merged
	ClockJump     Kind = "clock-jump"     // the emulator's clock is put forward
	UpstreamCrash Kind = "upstream-crash" // the PostgreSQL server is killed and recovers
)

// kind says what a rule of a kind may say.
type kind struct {
	what     string   // what happens, as a phrase
	defaults []string // the operations that it hits unless some are named
	only     []string // the operations that may be named; nil: those of every service
	takes    []string // what may be given beside the kind
	needs    []string // what must be
	once     bool     // it happens when it is added
}

var (
	calls   = []string{"operations", "caller", "probability", "count", "duration"}
	files   = []string{"operations", "probability", "count", "duration"}
	records = []string{"kinesis:PutRecord", "kinesis:PutRecords", "kinesis:GetRecords"}
	crypto  = []string{"kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext", "kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt", "kms:DescribeKey"}
)

// own are the calls that das-local makes itself, to publish events.
var own = []string{"kinesis:PutRecords", "kms:GenerateDataKey", "kms:DescribeKey"}

var kinds = map[Kind]kind{
	Throttle:     {what: "a call is refused: too many of them", defaults: records, takes: with(calls, "share")},
	Failure:      {what: "a call fails with HTTP status 500", defaults: records, takes: with(calls, "share")},
	Delay:        {what: "a call is carried out later", defaults: records, takes: with(calls, "delay"), needs: []string{"delay"}},
	SlowConsumer: {what: "reads of records are answered later", defaults: records[2:], only: records[2:], takes: with(calls, "delay"), needs: []string{"delay"}},
	KMSDenied:    {what: "a key can't be used", defaults: crypto, only: with(crypto, records...), takes: with(calls, "error")},
	Duplicate:    {what: "a put is stored and answered with an error; a page of records comes again", defaults: records, only: records, takes: calls},

	DiskFull:   {what: "writes to the data directory fail with ENOSPC", defaults: []string{"disk:create", "disk:write"}, only: []string{"disk:create", "disk:write"}, takes: files},
	FsyncError: {what: "fsync in the data directory fails with EIO", defaults: []string{"disk:sync"}, only: []string{"disk:sync"}, takes: files},
	ShortWrite: {what: "a write to the data directory stops half-way", defaults: []string{"disk:write"}, only: []string{"disk:write"}, takes: files},

	Reshard:       {what: "a shard is split, or two are merged", takes: []string{"stream", "duration"}, once: true},
	ClockJump:     {what: "the emulator's clock is put forward", takes: []string{"advance"}, needs: []string{"advance"}, once: true},
	UpstreamCrash: {what: "the PostgreSQL server is killed and recovers", takes: []string{"duration"}, once: true},
}

func with(list []string, more ...string) []string { return append(slices.Clone(list), more...) }

// Kinds are the names of all kinds, sorted.
func Kinds() []string {
	var names []string
	for k := range kinds {
		names = append(names, string(k))
	}
	slices.Sort(names)
	return names
}

// OnDisk says whether rules of the kind are about the files of a data directory.
func (k Kind) OnDisk() bool { return k == DiskFull || k == FsyncError || k == ShortWrite }

// What says what happens, as a phrase.
func (k Kind) What() string { return kinds[k].what }

// Takes are the members that a rule of the kind may have beside the kind, by their names
// in JSON, and Needs those that it must.
func (k Kind) Takes() []string { return slices.Clone(kinds[k].takes) }

// Needs are among Takes.
func (k Kind) Needs() []string { return slices.Clone(kinds[k].needs) }

// Once says whether the kind happens when it is added, and not to calls.
func (k Kind) Once() bool { return kinds[k].once }

// matches reports whether a pattern, such as "kinesis:PutRecords", "kinesis:*" or
// "PutRecords", means an operation.
func matches(pattern, service, operation string) bool {
	of, name, ok := strings.Cut(pattern, ":")
	if !ok {
		return pattern == operation
	}
	return of == service && (name == "*" || name == operation)
}

func matchesAny(patterns []string, service, operation string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return matches(p, service, operation) })
}
