package classify

import (
	"strconv"
	"testing"
)

func BenchmarkClassify(b *testing.B) {
	const update = "UPDATE pgbench_accounts SET abalance = abalance + 123 WHERE aid = 77"
	b.Run("same text", func(b *testing.B) {
		c := classifier(b)
		b.ReportAllocs()
		for b.Loop() {
			c.Classify("BEGIN;")
		}
	})
	b.Run("same shape", func(b *testing.B) {
		c := classifier(b)
		b.ReportAllocs()
		for b.Loop() {
			c.Classify(update)
		}
	})
	b.Run("tree", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			parse(update)
		}
	})
	b.Run("insert of 1000 rows", func(b *testing.B) {
		c := classifier(b)
		text := "INSERT INTO t VALUES (0, 'x')"
		for i := range 1000 {
			text += ", (" + strconv.Itoa(i) + ", 'abc''def')"
		}
		b.SetBytes(int64(len(text)))
		b.ReportAllocs()
		for b.Loop() {
			c.Classify(text)
		}
	})
}

func BenchmarkRedact(b *testing.B) {
	for name, text := range map[string]string{
		"nothing": "UPDATE pgbench_accounts SET abalance = abalance + 123 WHERE aid = 77",
		"column":  "SELECT id, password_hash FROM users WHERE name = 'x' AND password_hash = 'y'",
		"role":    "ALTER ROLE r WITH PASSWORD 'hunter2'",
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Redact(text)
			}
		})
	}
}
