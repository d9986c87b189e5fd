package main

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// capturedRecord is the data of one Kinesis record as somebody saved it.
type capturedRecord struct {
	data    []byte // the outer JSON
	cluster string // its resource id, if the capture names the stream
}

// maxCaptured bounds one captured record: Kinesis' 10 MiB in base64, and a rest.
const maxCaptured = 16 << 20

// errNothing is for input without any record.
var errNothing = errors.New("no record on standard input; give the data of Kinesis records as JSON or base64")

// eachRecord calls f for each record of the input, in order. It tells JSON from
// base64 by the first character of each.
func eachRecord(in io.Reader, f func(capturedRecord) error) error {
	r := bufio.NewReaderSize(in, 64<<10)
	for n := 1; ; n++ {
		c, err := firstByte(r)
		if errors.Is(err, io.EOF) {
			if n == 1 {
				return errNothing
			}
			return nil
		}
		if err != nil {
			return err
		}
		if c == '{' {
			err = jsonRecords(r, f)
		} else {
			err = base64Record(r, f)
		}
		if err != nil {
			return fmt.Errorf("record %d: %w", n, err)
		}
	}
}

// firstByte peeks at the next byte that is no space, comma, bracket or quote:
// what stands between the records of a saved list.
func firstByte(r *bufio.Reader) (byte, error) {
	for {
		c, err := r.ReadByte()
		if err != nil {
			return 0, err
		}
		if !strings.ContainsRune(" \t\r\n,[]\"", rune(c)) {
			return c, r.UnreadByte()
		}
	}
}

// jsonRecords reads one JSON object: a record's data, or the event that Lambda hands to a function
// which reads Kinesis ("Records") or transforms Firehose's records ("records", which encoding/json
// takes for the same name).
func jsonRecords(r *bufio.Reader, f func(capturedRecord) error) error {
	raw, err := jsonObject(r)
	if err != nil {
		return err
	}
	var lambda struct {
		Records []struct {
			Kinesis struct {
				Data []byte `json:"data"`
			} `json:"kinesis"`
			EventSourceARN string `json:"eventSourceARN"`
			Data           []byte `json:"data"` // Firehose's
		}
		SourceKinesisStreamARN string `json:"sourceKinesisStreamArn"` // Firehose's
	}
	if err := json.Unmarshal(raw, &lambda); err == nil && len(lambda.Records) > 0 {
		for _, l := range lambda.Records {
			data, source := l.Kinesis.Data, l.EventSourceARN
			if l.Data != nil {
				data, source = l.Data, lambda.SourceKinesisStreamARN
			}
			_, cluster, _ := strings.Cut(source, "stream/aws-rds-das-")
			if err := f(capturedRecord{data: data, cluster: cluster}); err != nil {
				return err
			}
		}
		return nil
	}
	return f(capturedRecord{data: raw})
}

// jsonObject reads up to the brace that closes the object, so that "}{"
// without a line break is two records, as Firehose writes them.
func jsonObject(r *bufio.Reader) ([]byte, error) {
	var raw []byte
	depth, inString, escaped := 0, false, false
	for {
		c, err := r.ReadByte()
		if errors.Is(err, io.EOF) {
			return nil, errors.New("the JSON ends in the middle")
		}
		if err != nil {
			return nil, err
		}
		if raw = append(raw, c); len(raw) > maxCaptured {
			return nil, fmt.Errorf("a record is longer than %d bytes", maxCaptured)
		}
		switch {
		case escaped:
			escaped = false
		case inString:
			escaped = c == '\\'
			inString = c != '"'
		case c == '"':
			inString = true
		case c == '{':
			depth++
		case c == '}':
			if depth--; depth == 0 {
				return raw, nil
			}
		}
	}
}

// base64Record reads one run of base64.
func base64Record(r *bufio.Reader, f func(capturedRecord) error) error {
	var text []byte
	for {
		c, err := r.ReadByte()
		if errors.Is(err, io.EOF) || err == nil && strings.ContainsRune(" \t\r\n,]\"", rune(c)) {
			break
		}
		if err != nil {
			return err
		}
		if text = append(text, c); len(text) > maxCaptured {
			return fmt.Errorf("a record is longer than %d bytes", maxCaptured)
		}
	}
	data, err := base64.StdEncoding.DecodeString(string(text))
	if err != nil {
		return fmt.Errorf("neither JSON nor base64 (%w); give the data of Kinesis records, a Lambda event, or what Firehose has written", err)
	}
	return f(capturedRecord{data: data})
}
