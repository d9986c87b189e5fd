package rdsapi

import "maps"

// ResourceTags are the tags of what an ARN names; none if there is no such thing.
func (s *Server) ResourceTags(arn string) map[string]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	tags, err := s.tagged(arn)
	if err != nil {
		return nil
	}
	return maps.Clone(*tags)
}
