package activity

import (
	"strconv"
	"time"
)

// SessionID names a session by its start, in seconds, and its process id, both in
// hexadecimal: "5ce5f7f0.474b", as log_line_prefix's %c of PostgreSQL does.
func SessionID(started time.Time, pid int32) string {
	return strconv.FormatInt(started.Unix(), 16) + "." + strconv.FormatUint(uint64(uint32(pid)), 16)
}
