package main

import (
	"context"
	"net/http"
	"time"
)

const clockHelp = `das-local clock prints the time of a running das-local, and puts its clock forward:
for maintenance windows, retention, the deletion and rotation of keys. It never goes
back but by "das-local reset".

    $ das-local clock
    $ das-local clock --advance 169h
    $ das-local clock --format json
`

// clockReading is what the server's clock says, and how far it is ahead of the machine's.
type clockReading struct {
	Now   time.Time `json:"now"`
	Ahead string    `json:"ahead"`
}

var clockShape = shape[clockReading]{
	text: func(_ painter, c clockReading) string {
		return c.Now.Format(time.RFC3339Nano) + ", " + c.Ahead + " ahead of the machine's"
	},
	columns: columns("NOW", "AHEAD"),
	rows:    func(c clockReading, add func(...cell)) { add(cells(c.Now.Format(time.RFC3339Nano), c.Ahead)...) },
}

// clock prints a running das-local's time, after it has put it forward if that is asked.
func clock(ctx context.Context, args []string, std streams) error {
	fs := newFlags("clock", clockHelp, std.out)
	var c control
	c.define(fs)
	format := formatFlag(fs, formatText)
	advance := fs.Duration("advance", 0, "put the clock forward by `INTERVAL`, such as 2h30m")
	if err := parse(fs, args, false); err != nil {
		return err
	}
	var now clockReading
	var err error
	if given(fs, "advance") {
		err = c.call(ctx, http.MethodPost, "/_das/clock", map[string]string{"advance": advance.String()}, &now)
	} else {
		err = c.call(ctx, http.MethodGet, "/_das/clock", nil, &now)
	}
	if err != nil {
		return err
	}
	return printAll(clockShape, format, std.out, now)
}
