package audit

import (
	"strconv"
	"strings"
	"time"

	"github.com/das-local/das-local/internal/activity"
)

// A record is what pgaudit, the server's own audit, says of one object, query or
// utility statement:
//
//	AUDIT: SESSION,3,1,READ,SELECT,TABLE,public.t,select * from t,<none>,10
//
// https://github.com/pgaudit/pgaudit#format
type record struct {
	id, sub int64 // its statement and substatement ids
	class   activity.Class
	command string
	kind    string // object type; empty: no object
	name    string
	text    string
	params  []string
	rows    int64
	cut     bool // the end is missing: params and rows are not known
	missing int  // bytes of the text that are missing
	at      time.Time
}

// before says whether the server numbered r before o.
func (r *record) before(o *record) bool { return r.id < o.id || r.id == o.id && r.sub < o.sub }

// sessionRecord begins a record. Those of object audit, which a role's grants ask for
// (pgaudit.role), begin otherwise and say the same once more.
const sessionRecord = "AUDIT: SESSION,"

// recordFields is the number of fields before the text.
const recordFields = 6

// parseRecord reads a record's message, of which missing bytes at the end are not
// there.
func parseRecord(message string, missing int) (record, bool) {
	rest, ok := strings.CutPrefix(message, sessionRecord)
	if !ok {
		return record{}, false
	}
	var fields [recordFields]string
	for i := range fields {
		var whole bool
		if fields[i], rest, whole = csvField(rest); !whole {
			return record{}, false
		}
	}
	r := record{class: activity.Class(fields[2]), command: fields[3], kind: fields[4], name: fields[5]}
	var err, err2 error
	r.id, err = strconv.ParseInt(fields[0], 10, 64)
	r.sub, err2 = strconv.ParseInt(fields[1], 10, 64)
	if err != nil || err2 != nil {
		return record{}, false
	}
	var whole bool
	if r.text, rest, whole = csvField(rest); missing > 0 || !whole {
		r.cut = true
		if !whole {
			r.missing = max(missing, 1)
		}
		return r, true
	}
	params, rest, _ := csvField(rest)
	if params != noParams {
		for more := true; more; {
			var p string
			p, params, more = csvField(params)
			r.params = append(r.params, p)
		}
	}
	rows, _, _ := csvField(rest)
	r.rows, _ = strconv.ParseInt(rows, 10, 64) // absent without pgaudit.log_rows
	return r, true
}

// noParams stands for an empty list of parameters.
const noParams = "<none>"

// csvField takes the first field off a line. more says that a comma followed.
func csvField(line string) (field, rest string, more bool) {
	if !strings.HasPrefix(line, `"`) {
		field, rest, more = strings.Cut(line, ",")
		return field, rest, more
	}
	line = line[1:]
	for from := 0; ; {
		i := strings.IndexByte(line[from:], '"')
		if i < 0 {
			return strings.ReplaceAll(line, `""`, `"`), "", false
		}
		from += i + 1
		if from < len(line) && line[from] == '"' {
			from++
			continue
		}
		field, rest = strings.ReplaceAll(line[:from-1], `""`, `"`), line[from:]
		return field, strings.TrimPrefix(rest, ","), strings.HasPrefix(rest, ",")
	}
}
