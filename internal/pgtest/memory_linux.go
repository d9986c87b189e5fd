package pgtest

import (
	"bufio"
	"fmt"
	"os"
	"syscall"
)

const (
	memoryDir = "/dev/shm"
	tmpfs     = 0x01021994 // TMPFS_MAGIC of linux/magic.h
	// roomy is what a server of the tests may come to take, its log of 1 GB included,
	// with as much again for another one beside it.
	roomy = 3 << 30
)

// Dir is where a server's private directory belongs whose data is thrown away: in
// memory where there is room, else, empty, in the system's directory for temporary
// files. PostgreSQL makes and removes a file for every table and index, some hundreds
// with each database, and on ext4 a new file looks first through those that were
// removed in the last seconds: CREATE DATABASE takes four times as long there.
func Dir() string {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(memoryDir, &fs); err != nil || fs.Type != tmpfs {
		return ""
	}
	if fs.Bavail*uint64(fs.Bsize) < roomy || available() < roomy {
		return ""
	}
	return memoryDir
}

// available is the memory that can be had without swapping, in bytes; 0 if unknown.
func available() uint64 {
	f, err := os.Open("/proc/meminfo")
	if err != nil {
		return 0
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		var kilobytes uint64
		if n, _ := fmt.Sscanf(s.Text(), "MemAvailable: %d kB", &kilobytes); n == 1 {
			return kilobytes << 10
		}
	}
	return 0
}
