package audit

// ExplainedRows is explainedRows.
var ExplainedRows = explainedRows

// PreparedBytes is what the prepared statements of a session hold.
func (s *Session) PreparedBytes() int { return s.prepared.bytes }

// MaxPreparedBytes bounds it.
const MaxPreparedBytes = maxPreparedBytes
