package pgserver

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// HasLibrary says whether the installation has a loadable library, such as
// "pgaudit", where the server looks for it.
func (inst Installation) HasLibrary(ctx context.Context, name string) bool {
	suffixes := []string{".so"}
	switch runtime.GOOS {
	case "darwin":
		suffixes = []string{".dylib", ".so"}
	case "windows":
		suffixes = []string{".dll"}
	}
	for _, dir := range inst.libraryDirs(ctx) {
		for _, suffix := range suffixes {
			if _, err := os.Stat(filepath.Join(dir, name+suffix)); err == nil {
				return true
			}
		}
	}
	return false
}

// libraryDirs are the directories that may be the server's $libdir: what its
// pg_config says, else those of the usual layouts.
func (inst Installation) libraryDirs(ctx context.Context) []string {
	program := filepath.Join(inst.BinDir, "pg_config")
	if _, err := os.Stat(program); err == nil {
		if out, err := runProgram(ctx, program, "--pkglibdir"); err == nil && strings.TrimSpace(out) != "" {
			return []string{strings.TrimSpace(out)}
		}
	}
	prefix := filepath.Dir(inst.BinDir)
	return []string{
		filepath.Join(prefix, "lib"),
		filepath.Join(prefix, "lib", "postgresql"),
		filepath.Join(prefix, "lib64", "postgresql"),
		filepath.Join(prefix, "lib", "pgsql"),
		filepath.Join(prefix, "lib64", "pgsql"),
	}
}

// preload is the setting for Config.Preload: those of the libraries that the
// installation has. The settings of the others are left out.
func (c *Config) preload(ctx context.Context) {
	var have []string
	settings := map[string]string{}
	for name, value := range c.Settings {
		settings[name] = value
	}
	for _, lib := range c.Preload {
		if c.Installation.HasLibrary(ctx, lib) {
			have = append(have, lib)
			continue
		}
		for name := range settings {
			if strings.HasPrefix(name, lib+".") {
				delete(settings, name)
			}
		}
	}
	if len(have) > 0 {
		if own := settings[preloadSetting]; own != "" {
			have = append([]string{own}, have...)
		}
		settings[preloadSetting] = strings.Join(have, ",")
	}
	c.Settings = settings
}

const preloadSetting = "shared_preload_libraries"
