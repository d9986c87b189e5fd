package kinesisfake

import "maps"

// StreamOf is the ARN of the stream that a shard iterator or the NextToken of
// ListShards reads. ok is false for one that is not valid, or not any more.
func (s *Server) StreamOf(token string) (arn string, ok bool) {
	now := s.now()
	if it, err := s.openIterator(token, now); err == nil {
		return it.key.arn(), true
	}
	if f, err := s.openPage(kindShards, token, now); err == nil {
		q, err := readShardQuery(f)
		return q.key.arn(), err == nil
	}
	return "", false
}

// TagsOf are the tags of a stream, given by its ARN; none if there is no such stream.
func (s *Server) TagsOf(arn string) map[string]string {
	k, err := (&streamRef{StreamARN: &arn}).key(s.own())
	if err != nil {
		return nil
	}
	st, err := s.stream(k)
	if err != nil {
		return nil
	}
	st.mu.RLock()
	defer st.mu.RUnlock()
	return maps.Clone(st.tags)
}
