package pgtext

import (
	"math"
	"strconv"
	"strings"
)

// parseInterval understands sequences of whole numbers with units, with a
// time at the end; and ISO 8601 durations of whole numbers. Fractions are for
// seconds only.
func (p *printer) parseInterval(s string) (iv interval, ok bool) {
	sum := intervalSum{standard: strings.EqualFold(p.s.IntervalStyle, "sql_standard")}
	if strings.HasPrefix(s, "P") {
		ok = sum.iso(s[1:])
	} else {
		ok = sum.words(strings.ToLower(s))
	}
	if !ok || outside32(sum.months) || outside32(sum.days) {
		return iv, false
	}
	return interval{sum.usec, int32(sum.days), int32(sum.months)}, true
}

func outside32(n int64) bool { return n <= math.MinInt32 || n >= math.MaxInt32 }

// intervalSum adds up fields; each is at most 10^9 units, so nothing overflows before it is
// checked.
type intervalSum struct {
	months, days, usec int64
	standard           bool // IntervalStyle is sql_standard
	negate             bool // all fields are negative
}

// leadingSign: in sql_standard style a minus before the first field, if it is the only
// sign, is meant for all fields.
func (sum *intervalSum) leadingSign(fields []string) {
	if !sum.standard || fields[0][0] != '-' {
		return
	}
	for _, f := range fields[1:] {
		if f[0] == '-' || f[0] == '+' {
			return
		}
	}
	fields[0], sum.negate = fields[0][1:], true
}

// maxIntervalFields is far above what has a meaning: the server refuses a unit that comes twice.
const maxIntervalFields = 12

func (sum *intervalSum) words(s string) bool {
	fields := strings.Fields(strings.TrimPrefix(s, "@"))
	ago := len(fields) > 1 && fields[len(fields)-1] == "ago"
	if ago {
		fields = fields[:len(fields)-1]
	}
	if len(fields) == 0 || len(fields) > maxIntervalFields {
		return false
	}
	sum.leadingSign(fields)
	seen := map[string]bool{}
	for i := 0; i < len(fields); i++ {
		f := fields[i]
		if strings.Contains(f, ":") {
			if i != len(fields)-1 || !sum.clock(f) || seen["hour"] || seen["minute"] || seen["second"] {
				return false
			}
			break
		}
		end := strings.IndexFunc(f, func(r rune) bool { return 'a' <= r && r <= 'z' })
		number, unit := f, ""
		if end > 0 {
			number, unit = f[:end], f[end:]
		} else if i++; end == 0 || i > len(fields) {
			return false
		} else if unit = "s"; i < len(fields) {
			unit = fields[i]
		}
		unit = intervalUnit(unit)
		if unit == "" || seen[unit] || !sum.add(number, unit) {
			return false
		}
		seen[unit] = true
	}
	if ago != sum.negate {
		sum.months, sum.days, sum.usec = -sum.months, -sum.days, -sum.usec
	}
	return true
}

// intervalUnit gives the long name of a unit, empty if it is none of the usual.
func intervalUnit(s string) string {
	switch s {
	case "y", "yr", "yrs", "year", "years":
		return "year"
	case "mon", "mons", "month", "months":
		return "month"
	case "w", "week", "weeks":
		return "week"
	case "d", "day", "days":
		return "day"
	case "h", "hr", "hrs", "hour", "hours":
		return "hour"
	case "m", "min", "mins", "minute", "minutes":
		return "minute"
	case "s", "sec", "secs", "second", "seconds":
		return "second"
	case "ms", "msec", "msecs", "millisecond", "milliseconds":
		return "millisecond"
	case "us", "usec", "usecs", "microsecond", "microseconds":
		return "microsecond"
	}
	return ""
}

func (sum *intervalSum) add(number, unit string) bool {
	if unit == "second" && strings.Contains(number, ".") {
		return sum.seconds(number)
	}
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil || n > 1e9 || n < -1e9 {
		return false
	}
	switch unit {
	case "year":
		sum.months += 12 * n
	case "month":
		sum.months += n
	case "week":
		sum.days += 7 * n
	case "day":
		sum.days += n
	case "hour":
		if n > 1e6 || n < -1e6 {
			return false
		}
		sum.usec += n * 3600000000
	case "minute":
		sum.usec += n * 60000000
	case "second":
		sum.usec += n * 1000000
	case "millisecond":
		sum.usec += n * 1000
	case "microsecond":
		sum.usec += n
	}
	return true
}

// seconds adds a decimal fraction of at most six digits.
func (sum *intervalSum) seconds(s string) bool {
	d, ok := splitDecimal(s)
	if !ok || d.exp != 0 || strings.ContainsAny(s, "eE") || len(d.whole) > 9 || len(d.frac) > 6 {
		return false
	}
	whole, _ := strconv.ParseInt("0"+d.whole, 10, 64)
	frac, _ := strconv.ParseInt((d.frac + "000000")[:6], 10, 64)
	usec := whole*1000000 + frac
	if d.neg {
		usec = -usec
	}
	sum.usec += usec
	return true
}

// clock adds [+-]hh:mm[:ss[.f]].
func (sum *intervalSum) clock(s string) bool {
	sign := int64(1)
	if s[0] == '-' || s[0] == '+' {
		if s[0] == '-' {
			sign = -1
		}
		s = s[1:]
	}
	parts := strings.Split(s, ":")
	if len(parts) > 3 || strings.ContainsAny(s, "+-e") || strings.Contains(parts[0]+parts[1], ".") {
		return false
	}
	if len(parts) == 2 {
		parts = append(parts, "0")
	}
	h, _, ok := number(parts[0]+" ", 1, 6)
	m, rest, ok2 := number(parts[1], 1, 2)
	if !ok || !ok2 || rest != "" || m > 59 || digitsAt(parts[0]) != len(parts[0]) || digitsAt(parts[2]) > 2 {
		return false
	}
	var sec intervalSum
	if !sec.seconds(parts[2]) || sec.usec >= 60000000 {
		return false
	}
	sum.usec += sign * ((h*60+m)*60000000 + sec.usec)
	return true
}

// iso adds the fields of a duration after its P.
func (sum *intervalSum) iso(s string) bool {
	time, n := false, 0
	for s != "" {
		if s[0] == 'T' && !time {
			time, s = true, s[1:]
			continue
		}
		end := strings.IndexFunc(s, func(r rune) bool { return 'A' <= r && r <= 'Z' })
		if n++; end < 1 || n > maxIntervalFields {
			return false
		}
		var unit string
		switch s[end] {
		case 'Y':
			unit = "year"
		case 'M':
			unit = "month"
			if time {
				unit = "minute"
			}
		case 'W':
			unit = "week"
		case 'D':
			unit = "day"
		case 'H':
			unit = "hour"
		case 'S':
			unit = "second"
		default:
			return false
		}
		if isTime := unit == "hour" || unit == "minute" || unit == "second"; isTime != time {
			return false
		}
		if !sum.add(s[:end], unit) {
			return false
		}
		s = s[end+1:]
	}
	return n > 0
}
