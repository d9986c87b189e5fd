package faults

import (
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/das-local/das-local/internal/leakcheck"
)

func TestMain(m *testing.M) { leakcheck.Main(m) }

// bed is a set with a clock in the test's hand.
type bed struct {
	*Set
	t     *testing.T
	now   time.Time
	ended []string
}

func newBed(t *testing.T, seed uint64) *bed {
	b := &bed{t: t, now: time.Unix(1e9, 0)}
	b.Set = New(Config{Seed: seed, Now: func() time.Time { return b.now }, Ended: func(s State) { b.ended = append(b.ended, string(s.Kind)+": "+s.Why) }})
	return b
}

// known is a small AWS.
func known(service, operation string) bool {
	all := []string{"kinesis:PutRecord", "kinesis:PutRecords", "kinesis:GetRecords", "kinesis:ListShards", "kms:Decrypt", "rds:DescribeEvents"}
	return slices.ContainsFunc(all, func(one string) bool {
		s, o, _ := strings.Cut(one, ":")
		return (service == "" || service == s) && (operation == "" || operation == o)
	})
}

// add adds a rule of JSON.
func (b *bed) add(text string) int {
	b.t.Helper()
	r, err := Parse([]byte(text))
	if err == nil {
		r, err = r.Check(known)
	}
	if err != nil {
		b.t.Fatal(err)
	}
	s, err := b.Add(r)
	if err != nil {
		b.t.Fatal(err)
	}
	return s.ID
}

func call(operation string, own bool) Call {
	service, name, _ := strings.Cut(operation, ":")
	return Call{service, name, own}
}

func (b *bed) code(operation string, own bool) string {
	if a := b.Decide(call(operation, own)).Answer; a != nil {
		return a.Code
	}
	return ""
}

func TestWhatIsHit(t *testing.T) {
	for text, want := range map[string]map[string]string{
		`{"kind":"throttle"}`:                                                           {"kinesis:PutRecords": "ProvisionedThroughputExceededException", "own": "ProvisionedThroughputExceededException", "kinesis:ListShards": "", "kms:Decrypt": ""},
		`{"kind":"throttle","caller":"das-local"}`:                                      {"kinesis:PutRecords": "", "own": "ProvisionedThroughputExceededException"},
		`{"kind":"throttle","caller":"clients"}`:                                        {"kinesis:PutRecords": "ProvisionedThroughputExceededException", "own": ""},
		`{"kind":"throttle","operations":["kinesis:ListShards","kms:*","rds:*"]}`:       {"kinesis:ListShards": "LimitExceededException", "kms:Decrypt": "ThrottlingException", "rds:DescribeEvents": "Throttling", "kinesis:GetRecords": "", "own": ""},
		`{"kind":"error","operations":["PutRecords","kms:Decrypt","rds:*"]}`:            {"kinesis:PutRecords": "InternalFailureException", "kms:Decrypt": "KMSInternalException", "rds:DescribeEvents": "InternalFailure", "kinesis:PutRecord": ""},
		`{"kind":"kms-denied"}`:                                                         {"kms:Decrypt": "AccessDeniedException", "kinesis:GetRecords": ""},
		`{"kind":"kms-denied","operations":["GetRecords"],"error":"DisabledException"}`: {"kms:Decrypt": "", "kinesis:GetRecords": "KMSDisabledException"},
		`{"kind":"duplicate","count":9}`:                                                {"kinesis:PutRecords": "InternalFailureException", "kinesis:GetRecords": "", "own": "InternalFailureException"},
		`{"kind":"throttle","share":0.5}`:                                               {"kinesis:PutRecords": "", "own": "ProvisionedThroughputExceededException"},
		`{"kind":"delay","delay":"1s"}`:                                                 {"kinesis:PutRecords": "", "own": ""},
		`{"kind":"disk-full"}`:                                                          {"kinesis:PutRecords": ""},
		`{"kind":"reshard"}`:                                                            {"kinesis:PutRecords": ""},
	} {
		b := newBed(t, 1)
		b.add(text)
		for operation, code := range want {
			own := operation == "own"
			if own {
				operation = "kinesis:PutRecords"
			}
			if got := b.code(operation, own); got != code {
				t.Errorf("%s, %s (own %v): %q, want %q", text, operation, own, got, code)
			}
		}
	}
}

func TestOrderOfRules(t *testing.T) {
	b := newBed(t, 1)
	b.add(`{"kind":"delay","delay":"1s"}`)
	b.add(`{"kind":"duplicate","count":1}`)
	b.add(`{"kind":"delay","delay":"2s"}`)
	b.add(`{"kind":"throttle"}`)
	v := b.Decide(call("kinesis:PutRecords", false))
	if len(v.Pauses) != 1 || v.Pauses[0].For != time.Second || !v.Stored || v.Answer.Status != 500 || !strings.Contains(v.Answer.Message, "fault 2") {
		t.Errorf("first %+v", v)
	}
	v = b.Decide(call("kinesis:PutRecords", false))
	if len(v.Pauses) != 2 || v.Stored || v.Answer.Code != "ProvisionedThroughputExceededException" || v.Answer.Status != 400 {
		t.Errorf("then %+v", v)
	}
	var hits []int
	for _, s := range b.List() {
		hits = append(hits, s.Hits)
	}
	if want := []int{2, 1, 1, 1}; !slices.Equal(hits, want) {
		t.Errorf("hits %v, want %v", hits, want)
	}
}

func TestHowRulesEnd(t *testing.T) {
	b := newBed(t, 1)
	b.add(`{"kind":"throttle","count":2}`)
	b.add(`{"kind":"error","duration":"10s"}`)
	three := b.add(`{"kind":"delay","delay":"1h","operations":["kms:Decrypt"]}`)
	four := b.add(`{"kind":"clock-jump","advance":"2h"}`)
	b.Happened(four)
	pause := b.Decide(call("kms:Decrypt", false)).Pauses[0]
	for _, want := range []string{"ProvisionedThroughputExceededException", "ProvisionedThroughputExceededException", "InternalFailureException"} {
		if got := b.code("kinesis:PutRecords", true); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	at, ok := b.Next()
	if want := b.now.Add(10 * time.Second); !ok || !at.Equal(want) {
		t.Errorf("the next ends at %v, %v", at, ok)
	}
	b.now = at
	if got := b.code("kinesis:PutRecords", true); got != "" { // before anybody has noticed
		t.Errorf("%s after its end", got)
	}
	b.Expire()
	if err := pause.Cleared.Err(); err != nil {
		t.Error("the delay is over")
	}
	if err := b.Clear(three); err != nil || pause.Cleared.Err() == nil {
		t.Errorf("clearing says %v, the delay %v", err, pause.Cleared.Err())
	}
	if err := b.Clear(three); !errors.Is(err, ErrNoFault) {
		t.Errorf("clearing again says %v", err)
	}
	want := []string{"clock-jump: it has happened", "throttle: its count is reached", "error: its time is over", "delay: cleared"}
	if !slices.Equal(b.ended, want) {
		t.Errorf("told %q, want %q", b.ended, want)
	}
	five := b.add(`{"kind":"reshard","duration":"1m"}`)
	b.Drop(five)
	six := b.add(`{"kind":"reshard","duration":"1m"}`)
	if _, ok := b.Next(); ok {
		t.Error("its time begins when it has happened")
	}
	b.Happened(six)
	b.now = b.now.Add(time.Minute)
	if b.Expire(); len(b.ended) != 5 || b.ended[4] != "reshard: its time is over" {
		t.Errorf("told %q", b.ended)
	}
	if _, ok := b.Next(); ok {
		t.Error("something still ends")
	}
	if err := b.Clear(0); err != nil || len(b.List()) != 0 || len(b.ended) != 5 {
		t.Errorf("after clearing all: %v, %v", b.List(), err)
	}
}

// TestDice: the same seed, rules and calls give the same hits, and about as many as
// the probability says.
func TestDice(t *testing.T) {
	play := func(seed uint64, before int) (s string, hits int) {
		b := newBed(t, seed)
		for range before {
			_ = b.Clear(b.add(`{"kind":"throttle"}`))
		}
		b.add(`{"kind":"throttle","probability":0.25}`)
		b.add(`{"kind":"throttle","share":0.25}`)
		for range 1000 {
			if b.code("kinesis:PutRecords", false) != "" {
				s += "x"
				hits++
			} else {
				s += "."
			}
			for _, code := range b.RefuseRecords(3) {
				s += code[:min(1, len(code))] + ","
			}
		}
		return s, hits
	}
	one, hits := play(7, 0)
	if hits < 200 || hits > 300 {
		t.Errorf("%d hits of 1000 calls with probability 0.25", hits)
	}
	if again, _ := play(7, 0); again != one {
		t.Error("the same seed gives other hits")
	}
	if other, _ := play(8, 0); other == one {
		t.Error("another seed gives the same hits")
	}
	if other, _ := play(7, 1); other == one {
		t.Error("another number gives the same hits")
	}
}

func TestPartOfACall(t *testing.T) {
	b := newBed(t, 3)
	if b.RefuseRecords(5) != nil || b.Redeliver() || b.Disk("sync") != "" {
		t.Error("an empty set hits")
	}
	b.add(`{"kind":"throttle","share":1,"count":1}`)
	b.add(`{"kind":"error","share":1,"count":1}`)
	b.add(`{"kind":"duplicate","operations":["GetRecords"],"count":1}`)
	b.add(`{"kind":"fsync-error","count":1}`)
	codes := b.RefuseRecords(2)
	if !slices.Equal(codes, []string{"ProvisionedThroughputExceededException", "ProvisionedThroughputExceededException"}) {
		t.Errorf("codes %q", codes)
	}
	if b.RefuseRecords(2) != nil {
		t.Error("both were counted, and hit again")
	}
	b.add(`{"kind":"error","share":1}`)
	if codes = b.RefuseRecords(1); !slices.Equal(codes, []string{"InternalFailure"}) {
		t.Errorf("codes %q", codes)
	}
	if !b.Redeliver() || b.Redeliver() {
		t.Error("one page comes again")
	}
	if b.Disk("write") != "" || b.Disk("sync") != FsyncError || b.Disk("sync") != "" {
		t.Error("one fsync fails, and no write")
	}
}

func TestWhatIsRefused(t *testing.T) {
	for text, want := range map[string]string{
		``:                                      "there is nothing",
		`[]`:                                    "cannot unmarshal array",
		`{"kind":"throttle"} {}`:                "there is more behind the object",
		`{"kind":"throttle","hits":3}`:          `unknown field "hits"; the members are kind, operations, caller`,
		`{}`:                                    `kind is ""; it must be one of clock-jump, delay, disk-full`,
		`{"kind":"earthquake"}`:                 `kind is "earthquake"`,
		`{"kind":"throttle","probability":0}`:   "probability is 0; it must be above 0 and at most 1",
		`{"kind":"throttle","probability":1.1}`: "at most 1",
		`{"kind":"throttle","share":-1}`:        "share is -1",
		`{"kind":"throttle","count":0}`:         "count is 0; it must be at least 1",
		`{"kind":"throttle","duration":"30"}`:   `duration is "30"; it must be a time above 0, such as "30s"`,
		`{"kind":"throttle","duration":"-1s"}`:  `duration is "-1s"`,
		`{"kind":"throttle","delay":"1s"}`:      "takes no delay; it takes operations, caller, probability, count, duration, share",
		`{"kind":"delay"}`:                      "a fault of kind delay needs delay",
		`{"kind":"clock-jump"}`:                 "needs advance",
		`{"kind":"clock-jump","advance":"1h","count":2}`:                               "takes no count; it takes advance",
		`{"kind":"throttle","caller":"me"}`:                                            `caller is "me"; it must be one of both, das-local, clients`,
		`{"kind":"throttle","operations":["kinesis:GetRecords"],"caller":"das-local"}`: "never called by das-local itself; it calls kinesis:PutRecords, kms:GenerateDataKey, kms:DescribeKey",
		`{"kind":"throttle","operations":["s3:PutObject"]}`:                            `there is no service "s3"`,
		`{"kind":"throttle","operations":["kinesis:Put"]}`:                             `operation "kinesis:Put" is not served`,
		`{"kind":"throttle","operations":["*"]}`:                                       `operation "*" is not served`,
		`{"kind":"throttle","share":0.5,"operations":["kinesis:*"]}`:                   "share is for kinesis:PutRecords alone",
		`{"kind":"kms-denied","operations":["rds:DescribeEvents"]}`:                    "it can hit kms:GenerateDataKey",
		`{"kind":"kms-denied","error":"Nope"}`:                                         `error is "Nope"; it must be one of AccessDeniedException, DisabledException`,
		`{"kind":"duplicate"}`:                                                         "needs a count or a probability below 1",
		`{"kind":"disk-full","operations":["disk:sync"]}`:                              "it can hit disk:create, disk:write",
		`{"kind":"disk-full","caller":"clients"}`:                                      "takes no caller",
	} {
		r, err := Parse([]byte(text))
		if err == nil {
			_, err = r.Check(known)
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
	if _, err := (Rule{Kind: Throttle, Probability: -1, Count: -1}).Check(known); err == nil {
		t.Error("negative numbers of a Go program are taken")
	}
}

func TestBounds(t *testing.T) {
	b := newBed(t, 1)
	for range maxActive {
		b.add(`{"kind":"throttle"}`)
	}
	if _, err := b.Add(Rule{Kind: Throttle}); !errors.Is(err, ErrTooMany) {
		t.Errorf("one too many is answered %v", err)
	}
	if err := b.Clear(0); err != nil {
		t.Fatal(err)
	}
	for range maxEnded + 5 {
		b.Happened(b.add(`{"kind":"reshard"}`))
	}
	if list := b.List(); len(list) != maxEnded || list[0].ID != maxActive+6 {
		t.Errorf("%d ended ones are listed, from %d on", len(list), list[0].ID)
	}
}

func TestStateAsJSON(t *testing.T) {
	b := newBed(t, 1)
	b.add(`{"kind":"throttle","operations":["PutRecords"],"probability":0.5,"count":3,"duration":"1m30s","share":0.25}`)
	b.Happened(b.add(`{"kind":"clock-jump","advance":"2h"}`))
	list := b.List()
	text, err := json.Marshal(list)
	if err != nil {
		t.Fatal(err)
	}
	const want = `[{"id":1,"state":"active","kind":"throttle","operations":["PutRecords"],"caller":"both","probability":0.5,"count":3,"duration":"1m30s","share":0.25,"hits":0,"began":`
	if !strings.HasPrefix(string(text), want) || !strings.Contains(string(text), `"why":"it has happened"`) {
		t.Errorf("%s", text)
	}
	var back []State
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	for i := range back {
		for _, at := range []*time.Time{&back[i].Began, &back[i].Ends, &back[i].Ended} {
			if !at.IsZero() {
				*at = at.Local()
			}
		}
	}
	if !reflect.DeepEqual(back, list) {
		t.Errorf("%+v\nwant %+v", back, list)
	}
}

// FuzzParse: what is taken is taken again from what is written of it.
func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"kind":"throttle","operations":["kinesis:*"],"caller":"clients","probability":0.5,"count":3,"duration":"1s"}`))
	f.Add([]byte(`{"kind":"delay","delay":"1ns"}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := Parse(text)
		if err == nil {
			r, err = r.Check(known)
		}
		if err != nil {
			return
		}
		written, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		again, err := Parse(written)
		if err == nil {
			again, err = again.Check(known)
		}
		if err != nil || !reflect.DeepEqual(again, r) {
			t.Errorf("%s: %+v, %v", written, again, err)
		}
	})
}
