package pgserver

import (
	"errors"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Superuser is the database role that the server is initialised with.
const Superuser = "postgres"

// Config says how to run a server. The zero value runs the newest installation
// that Find finds.
type Config struct {
	// Installation has the programs, by its BinDir; empty: Find's answer, or
	// if there is none, a download.
	Installation Installation
	// NoDownload makes a missing installation an error.
	NoDownload bool
	// Dir is where the private directory is made; empty: the system's
	// directory for temporary files. For root it must be open to others.
	Dir string
	// DataDir keeps the data over restarts: it is made if it is not there, and the
	// server then runs with fsync. The directory it is in must be the caller's to
	// open to the server's user. Empty: the data is thrown away at the end.
	DataDir string
	// CacheDir keeps prepared data directories and a download; empty: das-local
	// in the user's cache directory, "none": prepare a directory each time.
	CacheDir string
	// Database is created if it is not "postgres"; empty: "postgres".
	Database string
	// Password is the superuser's. Empty: connections need none.
	Password string
	// Port is the TCP port on 127.0.0.1; 0: a free one.
	Port int
	// Settings are appended to postgresql.conf and win over the defaults.
	Settings map[string]string
	// Preload are libraries to load at start, as far as the installation has them:
	// of one that it lacks, the settings LIBRARY.… are left out too.
	Preload []string
	// StartTimeout bounds the time until the server accepts connections;
	// 0: 60 seconds.
	StartTimeout time.Duration
	// Logger gets the long steps at level info and the server's own log at
	// level debug; nil: nobody does.
	Logger *slog.Logger
}

// maxDatabaseName is NAMEDATALEN - 1 of PostgreSQL.
const maxDatabaseName = 63

func (c Config) withDefaults() (Config, error) {
	if c.Dir == "" {
		c.Dir = os.TempDir()
	}
	dir, err := filepath.Abs(c.Dir)
	if err != nil {
		return c, err
	}
	c.Dir = dir
	if c.Database == "" {
		c.Database = "postgres"
	}
	if len(c.Database) > maxDatabaseName || strings.ContainsRune(c.Database, 0) {
		return c, errors.New("the database's name is longer than 63 bytes or has a zero byte")
	}
	if strings.ContainsAny(c.Password, "\x00\r\n") {
		return c, errors.New("the password has a line break or a zero byte")
	}
	for name, value := range c.Settings {
		if strings.ContainsAny(name+value, "\x00\r\n") {
			return c, errors.New("a setting has a line break or a zero byte")
		}
	}
	if c.DataDir != "" {
		if c.DataDir, err = filepath.Abs(c.DataDir); err != nil {
			return c, err
		}
		if c.Database != "postgres" {
			return c, errors.New("data that is kept has the database postgres")
		}
	}
	if c.StartTimeout == 0 {
		c.StartTimeout = 60 * time.Second
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c, nil
}

// defaultSettings suit a server whose data is thrown away.
var defaultSettings = map[string]string{
	"cluster_name":            "das-local",
	"fsync":                   "off",
	"full_page_writes":        "off",
	"listen_addresses":        "127.0.0.1",
	"log_timezone":            "UTC",
	"max_connections":         "200",
	"timezone":                "UTC",
	"unix_socket_permissions": "0700",
}

// confMark begins what das-local writes into postgresql.conf; it is at the end.
const confMark = "\n# das-local\n"

// conf renders the settings as an addition to postgresql.conf.
func (c Config) conf(socketDir string) string {
	all := maps.Clone(defaultSettings)
	if c.DataDir != "" {
		all["fsync"], all["full_page_writes"] = "on", "on"
	}
	maps.Copy(all, c.Settings)
	var b strings.Builder
	b.WriteString(confMark)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		writeSetting(&b, name, all[name])
	}
	writeSetting(&b, "unix_socket_directories", socketDir)
	return b.String()
}

func writeSetting(b *strings.Builder, name, value string) {
	b.WriteString(name)
	b.WriteString(" = '")
	b.WriteString(strings.ReplaceAll(strings.ReplaceAll(value, `\`, `\\`), "'", "''"))
	b.WriteString("'\n")
}
