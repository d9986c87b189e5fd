package pgtext

import (
	"math"
	"strconv"
	"strings"
)

// interval is PostgreSQL's: the three fields are independent.
type interval struct {
	usec   int64
	days   int32
	months int32
}

// fields of an interval, as they are printed; all that come from usec have its sign.
type fields struct {
	year, mon, day, hour, min, sec, usec int64
}

func (iv interval) fields() fields {
	return fields{
		year: int64(iv.months / 12), mon: int64(iv.months % 12), day: int64(iv.days),
		hour: iv.usec / 3600000000, min: iv.usec / 60000000 % 60, sec: iv.usec / 1000000 % 60, usec: iv.usec % 1000000,
	}
}

// interval prints by IntervalStyle.
func (p *printer) interval(dst []byte, iv interval) []byte {
	if iv == (interval{math.MaxInt64, math.MaxInt32, math.MaxInt32}) {
		return appendInfinity(dst, false) // since PostgreSQL 17
	}
	if iv == (interval{math.MinInt64, math.MinInt32, math.MinInt32}) {
		return appendInfinity(dst, true)
	}
	switch strings.ToLower(p.s.IntervalStyle) {
	case "postgres_verbose":
		return iv.fields().verbose(dst)
	case "sql_standard":
		return iv.fields().standard(dst)
	case "iso_8601":
		return iv.fields().iso(dst)
	}
	return iv.fields().postgres(dst)
}

func abs(n int64) int64 {
	if n < 0 {
		return -n
	}
	return n
}

func (f fields) postgres(dst []byte) []byte {
	at, before := len(dst), false
	part := func(n int64, unit string) {
		if n == 0 {
			return
		}
		if len(dst) > at {
			dst = append(dst, ' ')
		}
		if before && n > 0 {
			dst = append(dst, '+')
		}
		dst = append(append(strconv.AppendInt(dst, n, 10), ' '), unit...)
		if n != 1 {
			dst = append(dst, 's')
		}
		before = n < 0
	}
	part(f.year, "year")
	part(f.mon, "mon")
	part(f.day, "day")
	if len(dst) > at && f.hour == 0 && f.min == 0 && f.sec == 0 && f.usec == 0 {
		return dst
	}
	if len(dst) > at {
		dst = append(dst, ' ')
	}
	switch {
	case f.hour < 0 || f.min < 0 || f.sec < 0 || f.usec < 0:
		dst = append(dst, '-')
	case before:
		dst = append(dst, '+')
	}
	return f.clock(dst, 2)
}

// clock prints the time fields without their sign.
func (f fields) clock(dst []byte, width int) []byte {
	dst = append(appendPad(dst, abs(f.hour), width), ':')
	dst = append(appendPad(dst, abs(f.min), 2), ':')
	return appendSeconds(dst, abs(f.sec), abs(f.usec), true)
}

func (f fields) verbose(dst []byte) []byte {
	dst = append(dst, '@')
	zero, before := true, false
	unit := func(word string, plural bool) {
		dst = append(append(dst, ' '), word...)
		if plural {
			dst = append(dst, 's')
		}
	}
	part := func(n int64, word string) {
		if n == 0 {
			return
		}
		if zero {
			before, n = n < 0, abs(n)
		} else if before {
			n = -n
		}
		zero = false
		dst = strconv.AppendInt(append(dst, ' '), n, 10)
		unit(word, n != 1)
	}
	part(f.year, "year")
	part(f.mon, "mon")
	part(f.day, "day")
	part(f.hour, "hour")
	part(f.min, "min")
	if f.sec != 0 || f.usec != 0 {
		dst = append(dst, ' ')
		negative := f.sec < 0 || f.usec < 0
		switch {
		case negative && zero:
			before = true
		case negative != before:
			dst = append(dst, '-')
		}
		dst = appendSeconds(dst, abs(f.sec), abs(f.usec), false)
		unit("sec", abs(f.sec) != 1 || f.usec != 0)
		zero = false
	}
	if zero {
		return append(dst, " 0"...)
	}
	if before {
		return append(dst, " ago"...)
	}
	return dst
}

func (f fields) standard(dst []byte) []byte {
	yearMonth := f.year != 0 || f.mon != 0
	time := f.hour != 0 || f.min != 0 || f.sec != 0 || f.usec != 0
	timeNegative := f.hour < 0 || f.min < 0 || f.sec < 0 || f.usec < 0
	monthNegative := f.year < 0 || f.mon < 0
	negative := monthNegative || f.day < 0 || timeNegative
	positive := f.year > 0 || f.mon > 0 || f.day > 0 || time && !timeNegative
	sign := func(negative bool) {
		if negative {
			dst = append(dst, '-')
		} else {
			dst = append(dst, '+')
		}
	}
	if !negative && !positive {
		return append(dst, '0')
	}
	if negative && positive || yearMonth && (f.day != 0 || time) {
		sign(monthNegative)
		dst = append(strconv.AppendInt(dst, abs(f.year), 10), '-')
		dst = append(strconv.AppendInt(dst, abs(f.mon), 10), ' ')
		sign(f.day < 0)
		dst = append(strconv.AppendInt(dst, abs(f.day), 10), ' ')
		sign(timeNegative)
		return f.clock(dst, 0)
	}
	if negative {
		dst = append(dst, '-')
	}
	if yearMonth {
		dst = append(strconv.AppendInt(dst, abs(f.year), 10), '-')
		return strconv.AppendInt(dst, abs(f.mon), 10)
	}
	if f.day != 0 {
		dst = append(strconv.AppendInt(dst, abs(f.day), 10), ' ')
	}
	return f.clock(dst, 0)
}

func (f fields) iso(dst []byte) []byte {
	if f == (fields{}) {
		return append(dst, "PT0S"...)
	}
	part := func(n int64, unit byte) {
		if n != 0 {
			dst = append(strconv.AppendInt(dst, n, 10), unit)
		}
	}
	dst = append(dst, 'P')
	part(f.year, 'Y')
	part(f.mon, 'M')
	part(f.day, 'D')
	if f.hour == 0 && f.min == 0 && f.sec == 0 && f.usec == 0 {
		return dst
	}
	dst = append(dst, 'T')
	part(f.hour, 'H')
	part(f.min, 'M')
	if f.sec != 0 || f.usec != 0 {
		if f.sec < 0 || f.usec < 0 {
			dst = append(dst, '-')
		}
		dst = append(appendSeconds(dst, abs(f.sec), abs(f.usec), false), 'S')
	}
	return dst
}
