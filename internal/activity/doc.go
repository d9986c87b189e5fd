// Package activity defines the activity event: one entry of
// databaseActivityEventList, and its JSON in record versions 1.0 and 1.1.
//
//	{"type":"DatabaseActivityMonitoringRecord","clusterId":…,"instanceId":…,
//	 "databaseActivityEventList":[ event, event, … ]}
//
// Keys keep the order of the Aurora user guide (2019); version 1.1 appends
// startTime and errorMessage. An absent value is JSON null; no key is missing.
//
// See https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/DBActivityStreams.AuditLog.html
package activity
