package pgserver

import (
	"archive/tar"
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"

	"github.com/ulikunitz/xz"
)

// maxUnpacked bounds what an archive unpacks to; they have about 60 MB.
const maxUnpacked = 512 << 20

// unpackTxz unpacks directories, files and symbolic links into dst, which must
// not exist. Nothing gets out of it.
func unpackTxz(dst string, src io.Reader) error {
	x, err := xz.NewReader(bufio.NewReaderSize(src, 1<<16))
	if err != nil {
		return err
	}
	if err := os.Mkdir(dst, 0o755); err != nil {
		return err
	}
	root, err := os.OpenRoot(dst)
	if err != nil {
		return err
	}
	defer root.Close()
	if err := root.Chmod(".", 0o755); err != nil {
		return err
	}
	budget := int64(maxUnpacked)
	for t := tar.NewReader(x); ; {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if budget -= h.Size; budget < 0 {
			return errors.New("the archive is too large")
		}
		if err := unpackEntry(root, h, t); err != nil {
			return fmt.Errorf("%s: %w", h.Name, err)
		}
	}
}

func unpackEntry(root *os.Root, h *tar.Header, content io.Reader) error {
	name := path.Clean(h.Name)
	if h.Typeflag == tar.TypeDir {
		return mkdirAll(root, name)
	}
	if err := mkdirAll(root, path.Dir(name)); err != nil {
		return err
	}
	switch h.Typeflag {
	case tar.TypeReg:
		mode := os.FileMode(0o644)
		if h.FileInfo().Mode()&0o100 != 0 {
			mode = 0o755
		}
		f, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
		if err != nil {
			return err
		}
		_, err = io.Copy(f, content)
		return errors.Join(err, f.Chmod(mode), f.Close())
	case tar.TypeSymlink:
		if path.IsAbs(h.Linkname) || !filepath.IsLocal(path.Join(path.Dir(name), h.Linkname)) {
			return fmt.Errorf("links to %s", h.Linkname)
		}
		return root.Symlink(h.Linkname, name)
	}
	return fmt.Errorf("is of type %q", h.Typeflag)
}

// mkdirAll makes directories that others may enter, whatever the umask: the
// server's user may be another than the caller.
func mkdirAll(root *os.Root, name string) error {
	if _, err := root.Stat(name); err == nil {
		return nil
	}
	if parent := path.Dir(name); parent != name {
		if err := mkdirAll(root, parent); err != nil {
			return err
		}
	}
	if err := root.Mkdir(name, 0o755); err != nil {
		return err
	}
	return root.Chmod(name, 0o755)
}
