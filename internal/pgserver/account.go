//go:build unix

package pgserver

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// account is the user that the server runs as.
type account struct {
	name     string
	uid, gid int
	foreign  bool // not the caller: files must be given to it
}

// serverAccount is the caller, or for root, whom PostgreSQL refuses, the user
// postgres, else nobody.
func serverAccount() (*account, error) {
	if uid := os.Geteuid(); uid != 0 {
		return &account{name: strconv.Itoa(uid), uid: uid, gid: os.Getegid()}, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err1 := strconv.Atoi(u.Uid)
		gid, err2 := strconv.Atoi(u.Gid)
		if err := errors.Join(err1, err2); err != nil {
			return nil, fmt.Errorf("look up user %s: %w", name, err)
		}
		if uid == 0 {
			continue
		}
		return &account{name: name, uid: uid, gid: gid, foreign: true}, nil
	}
	return nil, errors.New("PostgreSQL refuses to run as root, and there is no user postgres or nobody to run it as")
}

// credential is for SysProcAttr; nil means the caller's own.
func (a *account) credential() *syscall.Credential {
	if !a.foreign {
		return nil
	}
	return &syscall.Credential{Uid: uint32(a.uid), Gid: uint32(a.gid)}
}

// chown gives a file to the account.
func (a *account) chown(path string) error {
	if !a.foreign {
		return nil
	}
	return os.Lchown(path, a.uid, a.gid)
}

// canReach says why the account may not execute a program or enter a
// directory. Only a foreign account is checked: the caller's own programs tell
// themselves.
func (a *account) canReach(path string) error {
	if !a.foreign {
		return nil
	}
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return err
	}
	for {
		info, err := os.Stat(real)
		if err != nil {
			return err
		}
		if !a.mayExecute(info) {
			return fmt.Errorf("%s is closed to it (mode %04o)", real, info.Mode().Perm())
		}
		parent := filepath.Dir(real)
		if parent == real {
			return nil
		}
		real = parent
	}
}

func (a *account) mayExecute(info os.FileInfo) bool {
	bit := os.FileMode(0o001)
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		switch {
		case int(st.Uid) == a.uid:
			bit = 0o100
		case int(st.Gid) == a.gid:
			bit = 0o010
		}
	}
	return info.Mode().Perm()&bit != 0
}
