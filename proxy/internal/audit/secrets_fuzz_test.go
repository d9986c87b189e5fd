package audit_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/das-local/das-local/e2e/spell"
	"github.com/das-local/das-local/internal/activity"
	"github.com/das-local/das-local/internal/classify"
	"github.com/das-local/das-local/proxy/internal/audit"
	"github.com/das-local/das-local/proxy/internal/track"
)

// FuzzSecrets writes statements that tell a secret, lets them succeed, fail or be cut, and looks for
// the secret in the whole of their events.
func FuzzSecrets(f *testing.F) {
	for seed := range uint64(500) {
		f.Add(seed)
	}
	classifier, err := classify.New(classify.Config{})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		if fault := tells(classifier, seed); fault != "" {
			t.Fatal(fault)
		}
	})
}

// tells says how the events of a seed's statement tell the secret, or nothing.
func tells(classifier *classify.Classifier, seed uint64) string {
	st := spell.New(seed)
	rnd := rand.New(rand.NewPCG(seed, 12)) //nolint:gosec // not a secret
	cfg := audit.Config{Classifier: classifier, Session: &activity.Session{}, CommandText: audit.CommandText(rnd.IntN(2))}
	s, err := audit.New(cfg)
	if err != nil {
		return err.Error()
	}
	items := secretItems(rnd, st)
	events := s.Apply(context.Background(), nil, items)
	if len(events) == 0 {
		return fmt.Sprintf("no event of %q", st.Text)
	}
	for i := range events {
		line := string(activity.AppendEvent(nil, &events[i], activity.V11))
		e := &events[i]
		said := strings.Join(append([]string{e.CommandText, e.ErrorMessage, e.ObjectName}, e.Params...), "\n")
		if told := st.Told(said) + st.Told(line); told != "" {
			return fmt.Sprintf("seed %d: %q is told\n of %q %q\n by %s", seed, told, st.Text, st.Params, line)
		}
	}
	return ""
}

// secretItems are what the tracker may say of a statement.
func secretItems(rnd *rand.Rand, st *spell.Statement) (items []track.Item) {
	if st.Setup != "" {
		items = append(items, track.Item{Kind: track.Completed, Source: track.Query, Text: st.Setup, TextLen: len(st.Setup), Tag: "PREPARE"}, track.Item{Kind: track.Ready, TxStatus: 'I'})
	}
	it := track.Item{Kind: track.Completed, Source: track.Query, Text: st.Text, TextLen: len(st.Text), Tag: "SELECT 1"}
	if len(st.Params) > 0 {
		it.Source, it.Params = track.Execute, &track.Params{}
		for _, p := range st.Params {
			it.Params.Values = append(it.Params.Values, []byte(p))
		}
	}
	what := rnd.IntN(4)
	if st.Broken {
		what = rnd.IntN(3)
	}
	switch what {
	case 0: // cut within or after the secret
		if i := strings.Index(st.Text, spell.Secret[:3]); i >= 0 && len(st.Params) == 0 {
			it.Text = st.Text[:i+rnd.IntN(len(st.Text)-i)]
		}
		fallthrough
	case 1, 2:
		it.Kind, it.Tag = track.Failed, ""
		it.Err = &track.Error{Severity: "ERROR", SQLState: "42601", Message: complaint(rnd, st)}
	}
	if it.Source == track.Execute {
		items = append(items, track.Item{Kind: track.Prepared, Text: it.Text, TextLen: it.TextLen})
	}
	return append(items, it, track.Item{Kind: track.Ready, TxStatus: 'I'})
}

// complaint is an error's message that quotes the statement as the server's do.
func complaint(rnd *rand.Rand, st *spell.Statement) string {
	text := st.Text
	if len(st.Params) > 0 {
		text = st.Params[len(st.Params)-1]
	}
	from := rnd.IntN(len(text))
	if i := strings.Index(text, spell.Secret[:3]); i >= 0 && rnd.IntN(2) == 0 {
		from = max(0, i-rnd.IntN(3))
	}
	word, rest := text[from:], text[from:]
	if i := strings.IndexAny(word, " \n\t;,)'\""); i > 0 {
		word = word[:i]
	}
	list := []string{`syntax error at or near "` + word + `"`, `unterminated quoted string at or near "` + rest + `"`, `unrecognized role option "` + word + `"`, "syntax error at end of input",
		`role "r" does not exist`, `invalid connection option "` + word + `"`, `missing "=" after "` + word + `" in connection info string`, `invalid input syntax for type integer: "` + rest + `"`}
	return list[rnd.IntN(len(list))]
}
