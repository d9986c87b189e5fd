package pgserver

import (
	"os"
	"runtime"
	"strings"
)

// installCommand is what a user types to get a PostgreSQL server here.
func installCommand() string {
	if runtime.GOOS == "darwin" {
		return "brew install postgresql@17"
	}
	release, err := os.ReadFile("/etc/os-release")
	if err != nil {
		release = nil // the general answer
	}
	return installCommandFor(string(release))
}

// installCommandFor reads the text of /etc/os-release.
func installCommandFor(release string) string {
	ids := " "
	for line := range strings.Lines(release) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		if name == "ID" || name == "ID_LIKE" {
			ids += strings.Trim(value, `"'`) + " "
		}
	}
	for _, known := range []struct{ id, command string }{
		{"debian", "sudo apt-get install postgresql"},
		{"ubuntu", "sudo apt-get install postgresql"},
		{"fedora", "sudo dnf install postgresql-server"},
		{"rhel", "sudo dnf install postgresql-server"},
		{"centos", "sudo dnf install postgresql-server"},
		{"amzn", "sudo dnf install postgresql15-server"},
		{"alpine", "apk add postgresql"},
		{"arch", "sudo pacman -S postgresql"},
		{"suse", "sudo zypper install postgresql-server"},
		{"nixos", "nix-env -iA nixos.postgresql"},
	} {
		if strings.Contains(ids, " "+known.id+" ") {
			return known.command
		}
	}
	return "your package manager (the package is usually named postgresql or postgresql-server)"
}
