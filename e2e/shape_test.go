package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strconv"
	"testing"
)

// sample reads the only event of a sample of the user guide.
func sample(t *testing.T, name string) json.RawMessage {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "seed", name))
	if err != nil {
		t.Fatal(err)
	}
	var in inner
	if err := json.Unmarshal(b, &in); err != nil {
		t.Fatal(err)
	}
	return in.Events[0]
}

// keys lists the keys of a JSON object in their order.
func keys(object json.RawMessage) ([]string, error) {
	dec := json.NewDecoder(bytes.NewReader(object))
	if _, err := dec.Token(); err != nil {
		return nil, err
	}
	var names []string
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			return nil, err
		}
		names = append(names, fmt.Sprint(name))
		var skip json.RawMessage
		if err := dec.Decode(&skip); err != nil {
			return nil, err
		}
	}
	return names, nil
}

var (
	timeForm    = regexp.MustCompile(`^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}\+00$`)
	portForm    = regexp.MustCompile(`^[1-9]\d{0,4}$`)
	sessionForm = regexp.MustCompile(`^([0-9a-f]{8})\.([0-9a-f]+)$`)
	clusterForm = regexp.MustCompile(`^cluster-[A-Z2-7]{26}$`)
	instForm    = regexp.MustCompile(`^db-[A-Z2-7]{26}$`)
	uuidForm    = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)
)

// volatile says what is wrong with the value of a field that differs from run
// to run. known is false for a field that must equal the sample's.
func volatile(name string, event map[string]any) (wrong error, known bool) {
	text, isText := event[name].(string)
	ok := true
	switch name {
	case "logTime", "startTime":
		ok = timeForm.MatchString(text)
	case "remotePort":
		ok = portForm.MatchString(text)
	case "remoteHost", "serverHost": // the guide's text has lost its addresses
		_, err := netip.ParseAddr(text)
		ok = err == nil
	case "pid":
		n, isNumber := event[name].(float64)
		return want(isNumber && n > 0 && n == float64(int(n)), name, event[name]), true
	case "sessionId":
		m := sessionForm.FindStringSubmatch(text)
		if m == nil {
			return want(false, name, event[name]), true
		}
		pid, err := strconv.ParseInt(m[2], 16, 64)
		ok = err == nil && float64(pid) == event["pid"]
	default:
		return nil, false
	}
	return want(isText && ok, name, event[name]), true
}

func want(ok bool, name string, value any) error {
	if ok {
		return nil
	}
	return fmt.Errorf("%s is %#v", name, value)
}

// matchSample compares an event with a sample field by field: keys in the
// sample's order, the version's further keys behind them, equal values, the
// volatile ones by their form. free names fields whose value is not compared.
func matchSample(t *testing.T, event, sample json.RawMessage, further []string, free ...string) {
	t.Helper()
	got, err := keys(event)
	if err != nil {
		t.Fatal(err)
	}
	names, err := keys(sample)
	if err != nil {
		t.Fatal(err)
	}
	if all := append(names, further...); !reflect.DeepEqual(got, all) {
		t.Errorf("keys\n got %v\nwant %v", got, all)
	}
	var e, s map[string]any
	if err := json.Unmarshal(event, &e); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(sample, &s); err != nil {
		t.Fatal(err)
	}
	for _, f := range free {
		delete(s, f)
	}
	for name, value := range s {
		wrong, known := volatile(name, e)
		if wrong != nil {
			t.Errorf("%v: %s", e["command"], wrong)
		}
		if !known && !reflect.DeepEqual(e[name], value) {
			t.Errorf("%v: %s is %#v, the sample has %#v", e["command"], name, e[name], value)
		}
	}
}

// compact says whether a JSON text has no blanks between its tokens.
func compact(b []byte) bool {
	var buf bytes.Buffer
	return json.Compact(&buf, b) == nil && bytes.Equal(buf.Bytes(), b)
}
