package audit

// ExplainedRows is explainedRows.
var ExplainedRows = explainedRows
