package pgtext

import (
	"encoding/binary"
	"math"
	"strconv"
	"strings"
	"time"
)

const (
	usecDay = 24 * 60 * 60 * 1000000
	// epochDays is 2000-01-01, PostgreSQL's day 0, in days since 1970-01-01.
	epochDays = 10957

	infTimestamp    = math.MaxInt64
	negInfTimestamp = math.MinInt64
	infDate         = math.MaxInt32
	negInfDate      = math.MinInt32

	// minDate and maxDate bound the calendar (4714-11-24 BC, 5874897-12-31), in
	// days since 2000-01-01; minTimestamp and endTimestamp likewise (294276-12-31).
	minDate      = -2451545
	maxDate      = 2145031948
	minTimestamp = -211813488000000000
	endTimestamp = 9223371331200000000
)

// dateStyle is how DateStyle says to print.
type dateStyle struct {
	format string // "iso", "sql", "postgres", "german"
	dmy    bool
}

func (p *printer) dateStyle() dateStyle {
	st := dateStyle{format: "iso"}
	for word := range strings.SplitSeq(strings.ToLower(p.s.DateStyle), ",") {
		switch word = strings.TrimSpace(word); {
		case word == "sql", word == "german", word == "iso":
			st.format = word
		case strings.HasPrefix(word, "postgres"):
			st.format = "postgres"
		case word == "dmy", strings.HasPrefix(word, "euro"):
			st.dmy = true
		}
	}
	return st
}

// binaryTime decodes the date and time types.
func (p *printer) binaryTime(dst []byte, oid uint32, b []byte) ([]byte, bool) {
	switch {
	case oid == oidDate && len(b) == 4:
		return p.date(dst, int64(int32(binary.BigEndian.Uint32(b))))
	case oid == oidTime && len(b) == 8:
		return appendClock(dst, int64(binary.BigEndian.Uint64(b)))
	case oid == oidTimetz && len(b) == 12:
		dst, ok := appendClock(dst, int64(binary.BigEndian.Uint64(b)))
		return appendOffset(dst, -int(int32(binary.BigEndian.Uint32(b[8:])))), ok
	case oid == oidTimestamp && len(b) == 8:
		return p.timestamp(dst, int64(binary.BigEndian.Uint64(b)), nil)
	case oid == oidTimestamptz && len(b) == 8:
		return p.timestamp(dst, int64(binary.BigEndian.Uint64(b)), p.zone())
	case oid == oidInterval && len(b) == 16:
		return p.interval(dst, interval{
			usec:   int64(binary.BigEndian.Uint64(b)),
			days:   int32(binary.BigEndian.Uint32(b[8:])),
			months: int32(binary.BigEndian.Uint32(b[12:])),
		}), true
	}
	return dst, false
}

func appendInfinity(dst []byte, negative bool) []byte {
	if negative {
		dst = append(dst, '-')
	}
	return append(dst, "infinity"...)
}

// date prints days since 2000-01-01.
func (p *printer) date(dst []byte, days int64) ([]byte, bool) {
	if days == infDate || days == negInfDate {
		return appendInfinity(dst, days < 0), true
	}
	if days < minDate || days > maxDate {
		return dst, false
	}
	y, m, d := civil(days + epochDays)
	year, bc := eraYear(y)
	st := p.dateStyle()
	first, second := m, d
	if st.dmy {
		first, second = d, m
	}
	switch st.format {
	case "sql":
		dst = append(appendPad(append(appendPad(dst, first, 2), '/'), second, 2), '/')
		dst = appendPad(dst, year, 4)
	case "german":
		dst = append(appendPad(append(appendPad(dst, d, 2), '.'), m, 2), '.')
		dst = appendPad(dst, year, 4)
	case "postgres":
		dst = append(appendPad(append(appendPad(dst, first, 2), '-'), second, 2), '-')
		dst = appendPad(dst, year, 4)
	default:
		dst = appendISODate(dst, year, m, d)
	}
	return append(dst, bc...), true
}

// timestamp prints microseconds since 2000-01-01, in zone unless that is nil.
func (p *printer) timestamp(dst []byte, usec int64, zone *time.Location) ([]byte, bool) {
	if usec == infTimestamp || usec == negInfTimestamp {
		return appendInfinity(dst, usec < 0), true
	}
	if usec < minTimestamp || usec >= endTimestamp {
		return dst, false
	}
	days, clock := floorDiv(usec, usecDay)
	var abbr string
	var offset int
	if zone != nil {
		abbr, offset = time.Unix((days+epochDays)*86400+clock/1000000, 0).In(zone).Zone()
		more, c := floorDiv(clock+int64(offset)*1000000, usecDay)
		days, clock = days+more, c
	}
	y, m, d := civil(days + epochDays)
	year, bc := eraYear(y)
	st := p.dateStyle()
	first, second := m, d
	if st.dmy {
		first, second = d, m
	}
	switch st.format {
	case "sql":
		dst = append(appendPad(append(appendPad(dst, first, 2), '/'), second, 2), '/')
		dst = append(appendPad(dst, year, 4), ' ')
		dst, _ = appendClock(dst, clock)
	case "german":
		dst = append(appendPad(append(appendPad(dst, d, 2), '.'), m, 2), '.')
		dst = append(appendPad(dst, year, 4), ' ')
		dst, _ = appendClock(dst, clock)
	case "postgres":
		day := time.Weekday((days + epochDays + 4 + 7_000_000_000) % 7).String()[:3]
		dst = append(append(dst, day...), ' ')
		month := time.Month(m).String()[:3]
		if st.dmy {
			dst = append(append(append(appendPad(dst, d, 2), ' '), month...), ' ')
		} else {
			dst = append(appendPad(append(append(dst, month...), ' '), d, 2), ' ')
		}
		dst, _ = appendClock(dst, clock)
		dst = appendPad(append(dst, ' '), year, 4)
	default:
		dst = append(appendISODate(dst, year, m, d), ' ')
		dst, _ = appendClock(dst, clock)
	}
	if zone != nil {
		dst = appendZone(dst, st, abbr, offset)
	}
	return append(dst, bc...), true
}

func appendZone(dst []byte, st dateStyle, abbr string, offset int) []byte {
	if st.format == "iso" {
		return appendOffset(dst, offset)
	}
	return append(append(dst, ' '), abbr...)
}

// eraYear turns an astronomical year into a year and the suffix of its era.
func eraYear(y int64) (year int64, suffix string) {
	if y <= 0 {
		return 1 - y, " BC"
	}
	return y, ""
}

func appendISODate(dst []byte, y, m, d int64) []byte {
	dst = append(appendPad(dst, y, 4), '-')
	return appendPad(append(appendPad(dst, m, 2), '-'), d, 2)
}

// appendClock prints microseconds since midnight.
func appendClock(dst []byte, usec int64) ([]byte, bool) {
	if usec < 0 || usec > usecDay {
		return dst, false
	}
	sec := usec / 1000000
	dst = append(appendPad(dst, sec/3600, 2), ':')
	dst = append(appendPad(dst, sec/60%60, 2), ':')
	return appendSeconds(dst, sec%60, usec%1000000, true), true
}

// appendSeconds prints seconds and, without trailing zeros, microseconds.
func appendSeconds(dst []byte, sec, usec int64, pad bool) []byte {
	width := 0
	if pad {
		width = 2
	}
	dst = appendPad(dst, sec, width)
	if usec == 0 {
		return dst
	}
	dst = appendPad(append(dst, '.'), usec, 6)
	for dst[len(dst)-1] == '0' {
		dst = dst[:len(dst)-1]
	}
	return dst
}

// appendOffset prints seconds east of Greenwich as short as they allow.
func appendOffset(dst []byte, offset int) []byte {
	sign := byte('+')
	if offset < 0 {
		sign, offset = '-', -offset
	}
	dst = appendPad(append(dst, sign), int64(offset/3600), 2)
	if offset%3600 != 0 {
		dst = appendPad(append(dst, ':'), int64(offset/60%60), 2)
	}
	if offset%60 != 0 {
		dst = appendPad(append(dst, ':'), int64(offset%60), 2)
	}
	return dst
}

// appendPad prints a number that is not negative with leading zeros.
func appendPad(dst []byte, n int64, width int) []byte {
	at := len(dst)
	dst = strconv.AppendInt(dst, n, 10)
	for len(dst)-at < width {
		dst = append(dst, 0)
		copy(dst[at+1:], dst[at:])
		dst[at] = '0'
	}
	return dst
}

func floorDiv(a, b int64) (quotient, rest int64) {
	quotient, rest = a/b, a%b
	if rest < 0 {
		quotient, rest = quotient-1, rest+b
	}
	return quotient, rest
}

// civil turns days since 1970-01-01 into a date of the proleptic Gregorian
// calendar with astronomical years, counting in eras of 400 years that begin in March.
func civil(days int64) (y, m, d int64) {
	era, day := floorDiv(days+719468, 146097)
	yearOfEra := (day - day/1460 + day/36524 - day/146096) / 365
	dayOfYear := day - (365*yearOfEra + yearOfEra/4 - yearOfEra/100)
	shifted := (5*dayOfYear + 2) / 153
	d = dayOfYear - (153*shifted+2)/5 + 1
	m = shifted + 3
	y = era*400 + yearOfEra
	if m > 12 {
		m -= 12
		y++
	}
	return y, m, d
}

// daysOf is the inverse of civil.
func daysOf(y, m, d int64) int64 {
	if m <= 2 {
		y--
		m += 12
	}
	era, yearOfEra := floorDiv(y, 400)
	dayOfYear := (153*(m-3)+2)/5 + d - 1
	return era*146097 + yearOfEra*365 + yearOfEra/4 - yearOfEra/100 + dayOfYear - 719468
}
