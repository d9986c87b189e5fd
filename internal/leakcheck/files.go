package leakcheck

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// openFiles maps the descriptors of this process to what they are, as /proc says;
// it is nil on systems that have none. What the runtime opens with its first
// socket or pipe, and keeps, is among them.
func openFiles() map[string]string {
	if r, w, err := os.Pipe(); err == nil {
		r.Close()
		w.Close()
	}
	const dir = "/proc/self/fd"
	list, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	open := map[string]string{}
	for _, e := range list {
		if target, err := os.Readlink(filepath.Join(dir, e.Name())); err == nil { // the directory itself is closed
			open[e.Name()] = target
		}
	}
	return open
}

// leftOpen says which descriptors are open that were not before.
func leftOpen(before map[string]string) error {
	left := openFiles()
	maps.DeleteFunc(left, func(fd, target string) bool { return before[fd] == target })
	if len(left) == 0 {
		return nil
	}
	var all []string
	for _, fd := range slices.Sorted(maps.Keys(left)) {
		all = append(all, fd+" "+left[fd])
	}
	return fmt.Errorf("%d file descriptors were left open:\n%s", len(all), strings.Join(all, "\n"))
}
