package kinesisfake

import "testing"

// FuzzConsumerARN wants that what is read from an ARN is in it.
func FuzzConsumerARN(f *testing.F) {
	f.Add("arn:aws:kinesis:us-east-1:000000000000:stream/s/consumer/c:1772366400")
	f.Add("arn:aws:kinesis:::stream//consumer/:")
	f.Fuzz(func(t *testing.T, text string) {
		id, err := parseConsumerARN(text)
		if err != nil {
			return
		}
		tail := ":" + id.stream.region + ":" + id.stream.account + ":stream/" + id.stream.name + "/consumer/" + id.name + ":" + id.created
		if len(text) < len(tail) || text[len(text)-len(tail):] != tail {
			t.Errorf("%q was read as %+v", text, id)
		}
	})
}
