// Package envelope turns activity events into one stream record, and back.
//
//	events ─▶ inner JSON ─gzip─▶ ─Encryption SDK message─▶ ─base64─▶ outer JSON
//	          clusterId           under the data key                 version, key
//	          instanceId
//
//	outer JSON  ParseOuter     {"type":…,"version":…,"databaseActivityEvents":…,"key":…}
//	key         KMS Decrypt    the caller's; encryption context aws:rds:dbc-id
//	message     DecryptMessage
//	gzip        Gunzip
//	inner JSON  activity.ParseRecord
//
// Sealer does the first line, Open the list below it; its steps are exported
// so that they can be shown one by one. Nothing separates records: the outer
// JSON has no blanks and no newline, as Aurora PostgreSQL writes it, but
// records with blanks, as Aurora MySQL writes them, are read too.
//
// See https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/DBActivityStreams.Monitoring.html
package envelope
