package hostdir

import (
	"strings"

	"golang.org/x/sys/unix"

	"extant/internal/model"
)

// SetXattr sets an attribute.
func (d *Dir) SetXattr(c model.Cred, path, name string, value []byte, flags uint32, follow bool) error {
	set := unix.Lsetxattr
	if follow {
		set = unix.Setxattr
	}
	return d.as(c, func() error { return set(path, name, value, int(flags)) })
}

// Xattr reads an attribute.
func (d *Dir) Xattr(c model.Cred, path, name string, follow bool) ([]byte, error) {
	get := unix.Lgetxattr
	if follow {
		get = unix.Getxattr
	}
	p, n := make([]byte, 64<<10), 0
	err := d.as(c, func() (err error) {
		n, err = get(path, name, p)
		return err
	})
	return p[:max(n, 0)], err
}

// ListXattr lists attributes.
func (d *Dir) ListXattr(c model.Cred, path string, follow bool) ([]string, error) {
	list := unix.Llistxattr
	if follow {
		list = unix.Listxattr
	}
	p, n := make([]byte, 64<<10), 0
	err := d.as(c, func() (err error) {
		n, err = list(path, p)
		return err
	})
	if err != nil || n == 0 {
		return nil, err
	}
	return strings.Split(strings.TrimSuffix(string(p[:n]), "\x00"), "\x00"), nil
}

// RemoveXattr removes an attribute.
func (d *Dir) RemoveXattr(c model.Cred, path, name string, follow bool) error {
	remove := unix.Lremovexattr
	if follow {
		remove = unix.Removexattr
	}
	return d.as(c, func() error { return remove(path, name) })
}
