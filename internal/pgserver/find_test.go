//go:build unix

package pgserver

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// fakeInstallation makes a directory with programs that know their version.
func fakeInstallation(t *testing.T, dir, version string, programs ...string) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, p := range programs {
		if err := os.WriteFile(filepath.Join(dir, p), []byte(script(version)), 0o755); err != nil {
			t.Fatal(err)
		}
	}
}

func TestFind(t *testing.T) {
	acct, err := serverAccount()
	if err != nil {
		t.Fatal(err)
	}
	base := testDir(t)
	at := func(name string) string { return filepath.Join(base, name) }
	fakeInstallation(t, at("pg/11/bin"), "11.22", "postgres", "initdb")
	fakeInstallation(t, at("pg/15/bin"), "15.18 (Debian 15.18-0+deb12u1)", "postgres", "initdb")
	fakeInstallation(t, at("pg/17/bin"), "17.4", "postgres", "initdb")
	fakeInstallation(t, at("pg/18/bin"), "18.0", "postgres") // the client package only
	fakeInstallation(t, at("brew"), "17.11 (Homebrew)", "postgres", "initdb")
	fakeInstallation(t, at("odd"), "unknown", "postgres", "initdb")
	for _, dir := range []string{"links", "config"} {
		if err := os.Mkdir(at(dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(at("brew/postgres"), at("links/postgres")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(at("config/pg_config"), []byte("#!/bin/sh\necho "+at("brew")+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name         string
		path, places []string
		dir, version string
		err          string
	}{
		{"the newest that is whole", nil, []string{at("pg/*/bin"), at("odd")}, at("pg/17/bin"), "17.4", ""},
		{"links are resolved", []string{at("links")}, nil, at("brew"), "17.11", ""},
		{"pg_config", []string{at("config")}, []string{at("pg/15/bin")}, at("brew"), "17.11", ""},
		{"too old", nil, []string{at("pg/11/bin")}, "", "", "PostgreSQL 11.22, too old: 12 is"},
		{"not whole", nil, []string{at("pg/18/bin")}, "", "", "no initdb"},
		{"no version", nil, []string{at("odd")}, "", "", "for its version"},
		{"nothing", []string{at("empty"), "relative"}, []string{at("none/*")}, "", "", "install one with"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := finder{path: test.path, places: test.places, account: acct}.find(t.Context())
			if test.err != "" {
				if !errors.Is(err, ErrNotFound) || !strings.Contains(err.Error(), test.err) {
					t.Errorf("got %v, want %s", err, test.err)
				}
				return
			}
			if err != nil || got.BinDir != test.dir || got.Version != test.version {
				t.Errorf("got %+v, %v; want %s in %s", got, err, test.version, test.dir)
			}
		})
	}
}

func TestFindHere(t *testing.T) {
	inst, err := Find(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if inst.Major < MinMajor || !strings.HasPrefix(inst.Version, "1") && !strings.HasPrefix(inst.Version, "2") {
		t.Errorf("%+v", inst)
	}
}

// TestClosedToAccount matters for root only: others use their own programs.
func TestClosedToAccount(t *testing.T) {
	dir := testDir(t)
	fakeInstallation(t, filepath.Join(dir, "closed/bin"), "17.4", "postgres", "initdb")
	if err := os.Chmod(filepath.Join(dir, "closed"), 0o700); err != nil {
		t.Fatal(err)
	}
	foreign := &account{name: "stranger", uid: 54321, gid: 54321, foreign: true}
	if _, err := inspect(t.Context(), filepath.Join(dir, "closed/bin"), foreign); err == nil || !strings.Contains(err.Error(), "is closed to it") {
		t.Errorf("got %v", err)
	}
}

func TestCompareVersions(t *testing.T) {
	order := []Installation{{Version: "9beta", Major: 9}, {Version: "17beta1", Major: 17}, {Version: "17.4", Major: 17}, {Version: "17.11", Major: 17}, {Version: "18rc1", Major: 18}}
	for i := range len(order) - 1 {
		if compareVersions(order[i], order[i+1]) >= 0 {
			t.Errorf("%s is not below %s", order[i].Version, order[i+1].Version)
		}
	}
}

func TestInstallCommand(t *testing.T) {
	for release, want := range map[string]string{
		"ID=debian\n": "sudo apt-get install postgresql",
		"NAME=\"Linux Mint\"\nID=linuxmint\nID_LIKE=\"ubuntu debian\"\n": "sudo apt-get install postgresql",
		"ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\n":                 "sudo dnf install postgresql-server",
		"ID=alpine\n": "apk add postgresql",
		"":            "your package manager (the package is usually named postgresql or postgresql-server)",
	} {
		if got := installCommandFor(release); got != want {
			t.Errorf("%q: %s", release, got)
		}
	}
}

func TestLocales(t *testing.T) {
	if !hasCUTF8("C\nC.utf8\nPOSIX\n") || !hasCUTF8("C.UTF-8") || hasCUTF8("C\nen_US.UTF-8\n") {
		t.Error("C.UTF-8 is not told apart")
	}
}
