package pgtext

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// textTime understands ISO 8601 spellings; the many others stay as they are.
func (p *printer) textTime(dst []byte, oid uint32, s string) ([]byte, bool) {
	if oid == oidTime || oid == oidTimetz {
		return p.textClock(dst, oid, s)
	}
	switch strings.ToLower(s) {
	case "infinity", "+infinity":
		return appendInfinity(dst, false), true
	case "-infinity":
		return appendInfinity(dst, true), true
	}
	t, ok := parseStamp(s)
	if !ok {
		return dst, false
	}
	if oid == oidDate {
		return p.date(dst, t.days)
	}
	usec, ok := p.instant(t, oid)
	if !ok {
		return dst, false
	}
	if oid == oidTimestamp {
		return p.timestamp(dst, usec, nil)
	}
	return p.timestamp(dst, usec, p.zone())
}

// stamp is a parsed date and time.
type stamp struct {
	days  int64 // since 2000-01-01
	clock int64 // microseconds since midnight
	zone  string
}

// instant is the value of t as a timestamp or timestamptz.
func (p *printer) instant(t stamp, oid uint32) (int64, bool) {
	if t.days < -110000000 || t.days > 110000000 {
		return 0, false
	}
	usec := t.days*usecDay + t.clock
	if oid == oidTimestamptz {
		wall, _ := floorDiv(usec, 1000000)
		offset, ok := p.offset(t.zone, wall+epochDays*86400)
		if !ok {
			return 0, false
		}
		usec -= int64(offset) * 1000000
	}
	return usec, usec >= minTimestamp && usec < endTimestamp
}

// offset is the offset that a zone's spelling stands for at a wall clock time.
func (p *printer) offset(zone string, wall int64) (int, bool) {
	switch strings.ToLower(zone) {
	case "":
		return offsetOf(p.zone(), wall), true
	case "z", "utc", "gmt", "zulu":
		return 0, true
	}
	if zone[0] == '+' || zone[0] == '-' {
		n, used := clockOffset(zone)
		return n, used == len(zone) && used > 0
	}
	loc, err := time.LoadLocation(zone)
	if err != nil {
		return 0, false
	}
	return offsetOf(loc, wall), true
}

// parseStamp reads YYYY-MM-DD[ T]hh:mm[:ss[.f]] [zone] [BC].
func parseStamp(s string) (t stamp, ok bool) {
	bc := false
	if n := len(s) - 3; n > 0 && strings.EqualFold(s[n:], " bc") {
		bc, s = true, strings.TrimRight(s[:n], pgSpace)
	}
	y, s, ok := number(s, 4, 7)
	if !ok || s == "" || s[0] != '-' {
		return t, false
	}
	m, s, ok := number(s[1:], 1, 2)
	if !ok || s == "" || s[0] != '-' {
		return t, false
	}
	d, s, ok := number(s[1:], 1, 2)
	if !ok || y == 0 || m < 1 || m > 12 {
		return t, false
	}
	if bc {
		y = 1 - y
	}
	if d < 1 || d > monthDays(y, m) {
		return t, false
	}
	t.days = daysOf(y, m, d) - epochDays
	if t.days < minDate || t.days > maxDate {
		return t, false
	}
	if s == "" {
		return t, true
	}
	if s[0] != ' ' && s[0] != 'T' && s[0] != 't' {
		return t, false
	}
	t.clock, s, ok = parseClock(strings.TrimLeft(s[1:], " "))
	t.zone = strings.TrimLeft(s, " ")
	return t, ok && isZone(t.zone)
}

// isZone: s is nothing, an offset, UTC or a name with a slash. Abbreviations
// depend on a setting that is not known here.
func isZone(s string) bool {
	switch strings.ToLower(s) {
	case "", "z", "utc", "gmt", "zulu":
		return true
	}
	if s[0] == '+' || s[0] == '-' {
		_, used := clockOffset(s)
		return used == len(s)
	}
	return strings.Contains(s, "/") && !strings.ContainsAny(s, pgSpace)
}

func monthDays(y, m int64) int64 {
	if m == 2 {
		if y%4 == 0 && (y%100 != 0 || y%400 == 0) {
			return 29
		}
		return 28
	}
	return 30 + (m+m/8)%2
}

// number reads from least to most digits.
func number(s string, least, most int) (n int64, rest string, ok bool) {
	k := digitsAt(s)
	if k < least || k > most {
		return 0, s, false
	}
	n, err := strconv.ParseInt(s[:k], 10, 64)
	return n, s[k:], err == nil
}

// parseClock reads hh:mm[:ss[.f]]; the fraction is rounded as the server does.
func parseClock(s string) (usec int64, rest string, ok bool) {
	h, s, ok := number(s, 1, 2)
	if !ok || s == "" || s[0] != ':' {
		return 0, s, false
	}
	m, s, ok := number(s[1:], 2, 2)
	if !ok {
		return 0, s, false
	}
	var sec, frac int64
	if s != "" && s[0] == ':' {
		if sec, s, ok = number(s[1:], 2, 2); !ok {
			return 0, s, false
		}
		if s != "" && s[0] == '.' {
			n := digitsAt(s[1:])
			if n > 20 {
				return 0, s, false
			}
			if n > 0 {
				f, err := strconv.ParseFloat(s[:1+n], 64)
				if err != nil {
					return 0, s, false
				}
				frac = int64(math.RoundToEven(f * 1000000))
			}
			s = s[1+n:]
		}
	}
	usec = ((h*60+m)*60+sec)*1000000 + frac
	return usec, s, h <= 24 && m < 60 && sec <= 60 && usec <= usecDay
}

// clockOffset reads [+-]hh[[:]mm[:ss]] and tells how many bytes that took.
func clockOffset(s string) (seconds, used int) {
	rest, sign := s, 1
	if rest != "" && (rest[0] == '+' || rest[0] == '-') {
		if rest[0] == '-' {
			sign = -1
		}
		rest = rest[1:]
	}
	if k := digitsAt(rest); k == 4 || k == 3 {
		n, _ := strconv.Atoi(rest[:k])
		return sign * (n/100*3600 + n%100*60), len(s) - len(rest) + k
	}
	for unit := 3600; unit > 0; unit /= 60 {
		n, after, ok := number(rest, 1, 2)
		if !ok || unit < 3600 && n > 59 || n > 15 && unit == 3600 {
			return 0, 0
		}
		seconds += int(n) * unit
		rest = after
		if rest == "" || rest[0] != ':' || unit == 1 {
			break
		}
		rest = rest[1:]
	}
	return sign * seconds, len(s) - len(rest)
}

// textClock prints time and timetz.
func (p *printer) textClock(dst []byte, oid uint32, s string) ([]byte, bool) {
	usec, rest, ok := parseClock(s)
	rest = strings.TrimLeft(rest, " ")
	if !ok {
		return dst, false
	}
	if oid == oidTime {
		if rest != "" {
			return dst, false
		}
		return appendClock(dst, usec)
	}
	offset := 0
	switch {
	case rest == "":
		// Today's offset: only a zone that never changes is sure.
		zone := p.zone()
		if begin, end := time.Unix(0, 0).In(zone).ZoneBounds(); !begin.IsZero() || !end.IsZero() {
			return dst, false
		}
		offset = offsetOf(zone, 0)
	case rest[0] == '+' || rest[0] == '-' || strings.EqualFold(rest, "z") || strings.EqualFold(rest, "utc"):
		if offset, ok = p.offset(rest, 0); !ok {
			return dst, false
		}
	default:
		return dst, false
	}
	dst, ok = appendClock(dst, usec)
	return appendOffset(dst, offset), ok
}
