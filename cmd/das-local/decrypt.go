package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/das-local/das-local/internal/activity"
	"github.com/das-local/das-local/internal/consumer"
	"github.com/das-local/das-local/internal/envelope"
)

const decryptHelp = `das-local decrypt decrypts captured stream records from standard input (or
from files) and prints their events, one a line. It takes the data of Kinesis
records as JSON or base64, one after another with or without line breaks, and
the events that Lambda hands to a function, Firehose's transformations too. KMS gives the key.

    $ aws kinesis get-records --shard-iterator "$it" --query 'Records[].Data' --output text |
          tr '\t' '\n' | das-local decrypt --cluster-resource-id cluster-4HNY5V4RRNPKKYB7ICFKE5JBQQ
    $ das-local decrypt --format table --cluster-resource-id cluster-… records/*.json
    $ das-local decrypt < lambda-event.json            # it names its stream, and so the cluster
    $ das-local decrypt --explain < record.json        # needs no key
`

// decrypt prints the events of captured records.
func decrypt(ctx context.Context, args []string, std streams) error {
	fs := newFlags("decrypt", decryptHelp, std.out)
	var where awsFlags
	where.define(fs)
	cluster := fs.String("cluster-resource-id", "", "the cluster's resource `ID` (cluster-…), which is the encryption context; a Lambda event names it itself")
	explain := fs.Bool("explain", false, "print each record's message header instead of decrypting it; as text unless --format says otherwise")
	heartbeats := fs.Bool("heartbeats", false, "print heartbeats too")
	format := formatFlag(fs, formatJSON)
	if err := parse(fs, args, true); err != nil {
		return err
	}
	if *explain && !given(fs, "format") {
		format.value = formatText
	}
	in, err := openAll(fs.Args(), std.in)
	if err != nil {
		return err
	}
	defer in.Close()
	out := bufio.NewWriter(std.out)
	defer out.Flush()
	if *explain {
		return explainRecords(in, format, out, std.out)
	}
	cfg, err := where.load(ctx)
	if err != nil {
		return err
	}
	keys := &keyCache{ctx: ctx, client: kms.NewFromConfig(cfg), plain: map[string][]byte{}}
	defer keys.zero()
	events := newResults(eventShape, format, out, std.out)
	err = eachRecord(in, func(r capturedRecord) error {
		if r.cluster == "" {
			r.cluster = *cluster
		}
		if r.cluster == "" {
			return fmt.Errorf("the record does not say whose it is; give --cluster-resource-id: %w", errUsage)
		}
		record, err := envelope.Open(r.data, func(blob []byte) ([]byte, error) { return keys.decrypt(blob, r.cluster) })
		if err != nil {
			return err
		}
		return errors.Join(printEvents(events, record, *heartbeats), out.Flush()) // the input may be a pipe that lasts
	})
	return errors.Join(explainReach(err, where.endpoint), events.end())
}

func printEvents(events *results[consumer.Event], r *activity.Record, heartbeats bool) error {
	for _, event := range r.Events {
		d, err := activity.Decode(event)
		if err != nil {
			return err
		}
		if d.Heartbeat() && !heartbeats {
			continue
		}
		if err := events.print(consumer.Event{InstanceID: r.InstanceID, Heartbeat: d.Heartbeat(), JSON: event}); err != nil {
			return err
		}
	}
	return nil
}

// keyCache asks KMS once for each data key.
type keyCache struct {
	ctx    context.Context // of the command
	client *kms.Client
	plain  map[string][]byte
}

func (k *keyCache) decrypt(blob []byte, cluster string) ([]byte, error) {
	if p, ok := k.plain[string(blob)]; ok {
		return p, nil
	}
	out, err := k.client.Decrypt(k.ctx, &kms.DecryptInput{
		CiphertextBlob:    blob,
		EncryptionContext: map[string]string{"aws:rds:dbc-id": cluster},
	})
	if err != nil {
		if strings.Contains(err.Error(), "InvalidCiphertextException") {
			return nil, fmt.Errorf("KMS refuses the record's key: it is not of cluster %s, or of another account or Region: %w", cluster, err)
		}
		return nil, fmt.Errorf("decrypt the data key: %w", err)
	}
	k.plain[string(blob)] = out.Plaintext
	return out.Plaintext, nil
}

func (k *keyCache) zero() {
	for _, p := range k.plain {
		clear(p)
	}
}

// openAll reads files one after another, or standard input if there are none.
func openAll(paths []string, in io.Reader) (io.ReadCloser, error) {
	if len(paths) == 0 {
		return io.NopCloser(in), nil
	}
	var all multiFile
	for _, p := range paths {
		f, err := os.Open(p)
		if err != nil {
			return nil, errors.Join(err, all.Close())
		}
		all.files = append(all.files, f)
		all.readers = append(all.readers, f, strings.NewReader("\n"))
	}
	all.Reader = io.MultiReader(all.readers...)
	return &all, nil
}

type multiFile struct {
	io.Reader
	readers []io.Reader
	files   []*os.File
}

func (m *multiFile) Close() error {
	var errs []error
	for _, f := range m.files {
		errs = append(errs, f.Close())
	}
	return errors.Join(errs...)
}
