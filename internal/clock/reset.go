package clock

// Reset takes back all that the clock was put forward by. It is the one thing that has
// time go back: whoever calls it makes everything anew that has dates.
func (c *Clock) Reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ahead = 0
	if c.moved != nil {
		close(c.moved)
		c.moved = nil
	}
}
