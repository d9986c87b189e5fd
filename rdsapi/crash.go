package rdsapi

// RecordCrash records, for each instance that runs, the RDS event that tells of a crash
// of its server, and RecordRecovery those that tell that it is up again. The statuses
// stay as they are. AWS documents the events, and not which of them a crash has, and in
// which order.
// See https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/USER_Events.Messages.html
func (s *Server) RecordCrash() {
	s.eachRunning(event{id: "RDS-EVENT-0020", category: "recovery",
		message: "Recovery of the DB instance has started. Recovery time will vary with the amount of data to be recovered."})
}

// RecordRecovery ends what RecordCrash has begun.
func (s *Server) RecordRecovery() {
	s.eachRunning(event{id: "RDS-EVENT-0006", category: "availability", message: "DB instance restarted"},
		event{id: "RDS-EVENT-0021", category: "recovery", message: "Recovery of the DB instance is complete."})
}

func (s *Server) eachRunning(events ...event) {
	all := s.allInstances()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, i := range all {
		switch i.status {
		case statusStopped, statusStopping, statusDeleting:
			continue
		}
		for _, e := range events {
			s.instanceEvent(i, e)
		}
	}
}
