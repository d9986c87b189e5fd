package activity

import (
	"strconv"
	"time"
)

// Version is a record version. It says which fields an event has.
type Version string

// The versions that Aurora PostgreSQL writes: 1.0 up to engines 10.9 and 11.4,
// 1.1 from 10.10 and 11.5 on.
const (
	V10 Version = "1.0"
	V11 Version = "1.1"
)

// What the type fields of records and events say.
const (
	TypeRecord    = "DatabaseActivityMonitoringRecord"
	typeEvent     = "record"
	TypeHeartbeat = "heartbeat"
)

// What every Aurora PostgreSQL event says of its server.
const (
	serverType  = "PostgreSQL"
	serviceName = "Amazon Aurora PostgreSQL-Compatible edition"
)

// timeLayout always has six digits: consumers cut the text at fixed columns.
const timeLayout = "2006-01-02 15:04:05.000000+00"

// AppendEvent appends e as compact JSON, its keys in the order of the user
// guide's samples. Any version but V10 has the fields of V11. It allocates
// nothing if dst has room, and the result is valid JSON whatever the strings
// hold: bytes that are not UTF-8 become U+FFFD.
func AppendEvent(dst []byte, e *Event, v Version) []byte {
	s := e.Session
	if s == nil {
		var none Session
		s = &none
	}
	dst = appendTime(append(dst, `{"logTime":`...), e.LogTime)
	dst = strconv.AppendInt(append(dst, `,"statementId":`...), e.StatementID, 10)
	dst = strconv.AppendInt(append(dst, `,"substatementId":`...), e.SubstatementID, 10)
	dst = appendText(append(dst, `,"objectType":`...), e.ObjectType)
	dst = appendText(append(dst, `,"command":`...), e.Command)
	dst = appendText(append(dst, `,"objectName":`...), e.ObjectName)
	dst = appendText(append(dst, `,"databaseName":`...), s.DatabaseName)
	dst = appendText(append(dst, `,"dbUserName":`...), s.UserName)
	dst = appendText(append(dst, `,"remoteHost":`...), s.RemoteHost)
	dst = appendText(append(dst, `,"remotePort":`...), s.RemotePort)
	dst = appendText(append(dst, `,"sessionId":`...), s.SessionID)
	dst = append(dst, `,"rowCount":`...)
	if e.RowCount >= 0 {
		dst = strconv.AppendInt(dst, e.RowCount, 10)
	} else {
		dst = append(dst, "null"...)
	}
	dst = append(dst, `,"commandText":`...)
	if e.HasCommandText {
		dst = appendString(dst, e.CommandText)
	} else {
		dst = append(dst, "null"...)
	}
	dst = appendStrings(append(dst, `,"paramList":`...), e.Params)
	dst = strconv.AppendInt(append(dst, `,"pid":`...), int64(s.PID), 10)
	dst = appendText(append(dst, `,"clientApplication":`...), s.ClientApplication)
	dst = appendExitCode(append(dst, `,"exitCode":`...), e.ExitCode)
	dst = appendText(append(dst, `,"class":`...), string(e.Class))
	dst = appendText(append(dst, `,"serverVersion":`...), s.ServerVersion)
	dst = append(dst, `,"serverType":"`+serverType+`","serviceName":"`+serviceName+`","serverHost":`...)
	dst = appendText(dst, s.ServerHost)
	dst = appendText(append(dst, `,"netProtocol":`...), s.NetProtocol)
	dst = appendText(append(dst, `,"dbProtocol":`...), s.DBProtocol)
	dst = append(dst, `,"type":"`+typeEvent+`"`...)
	if v != V10 {
		dst = appendTime(append(dst, `,"startTime":`...), e.StartTime)
		dst = appendText(append(dst, `,"errorMessage":`...), e.ErrorMessage)
	}
	return append(dst, '}')
}

// AppendHeartbeat appends a heartbeat: an event that has a type and no more.
func AppendHeartbeat(dst []byte) []byte {
	return append(dst, `{"type":"`+TypeHeartbeat+`"}`...)
}

// AppendRecordHead appends a record up to the opening bracket of its event
// list. The caller appends the events, comma-separated, and RecordTail.
func AppendRecordHead(dst []byte, clusterID, instanceID string) []byte {
	dst = append(dst, `{"type":"`+TypeRecord+`","clusterId":`...)
	dst = appendString(dst, clusterID)
	dst = appendString(append(dst, `,"instanceId":`...), instanceID)
	return append(dst, `,"databaseActivityEventList":[`...)
}

// RecordTail ends what AppendRecordHead begins.
const RecordTail = "]}"

// appendTime appends t in UTC, or null for the zero time. Digit by digit it
// takes a third of the time that time.AppendFormat takes.
func appendTime(dst []byte, t time.Time) []byte {
	if t.IsZero() {
		return append(dst, "null"...)
	}
	t = t.UTC()
	year, month, day := t.Date()
	hour, minute, second := t.Clock()
	dst = append(dst, '"')
	if year < 0 || year > 9999 { // the calendar of no server
		dst = t.AppendFormat(dst, timeLayout)
		return append(dst, '"')
	}
	dst = appendDigits(dst, year, 4)
	dst = appendDigits(append(dst, '-'), int(month), 2)
	dst = appendDigits(append(dst, '-'), day, 2)
	dst = appendDigits(append(dst, ' '), hour, 2)
	dst = appendDigits(append(dst, ':'), minute, 2)
	dst = appendDigits(append(dst, ':'), second, 2)
	dst = appendDigits(append(dst, '.'), t.Nanosecond()/1000, 6)
	return append(dst, `+00"`...)
}

// appendDigits appends n in exactly width digits, width up to 6.
func appendDigits(dst []byte, n, width int) []byte {
	var digits [6]byte
	for i := width - 1; i >= 0; i-- {
		digits[i] = '0' + byte(n%10)
		n /= 10
	}
	return append(dst, digits[:width]...)
}

func appendExitCode(dst []byte, c ExitCode) []byte {
	switch {
	case c.SQLState != "":
		return appendString(dst, c.SQLState)
	case c.Valid:
		return strconv.AppendInt(dst, int64(c.Status), 10)
	}
	return append(dst, "null"...)
}
