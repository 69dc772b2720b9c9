package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"syscall"

	"github.com/spf13/cobra"

	"extant"
	"extant/ext4"
	"extant/fuse"
)

// readyVar tells a process in which descriptor the one that started it wants to read that the mount is ready.
const readyVar = "EXTANT_MOUNT_READY"

// mounting is the verb mount: what it was told.
type mounting struct {
	a          *app
	options    []string
	partition  int
	foreground bool
	log        string

	helper bool // mount(8) asks
	mountChoices
}

func newMount(a *app) *cobra.Command {
	m := &mounting{a: a}
	cmd := a.verbCommand(&cobra.Command{
		Use:     "mount [-o OPTIONS] IMAGE DIR",
		Short:   "Show an image as a directory, without root",
		GroupID: groupImage,
		Long: `mount shows the file system in an image, a partition of it (IMAGE#2) or a block device in a directory, by way of FUSE: for root or, with fusermount3, for anybody
who may write the image. It is usable when mount returns; a process in the background serves it until "extant umount DIR", "fusermount3 -u DIR", umount(8), or a signal to the
process (INT, TERM, HUP). Nobody else can use the image meanwhile. If the process is killed, the image is as after a crash: what was synced is there, and the
next mount recovers it.

The options are those of mount -t ext4, separated by commas:

  ro, rw                         read only; a write-protected image is mounted so by itself, unless rw is said
  noatime, relatime, strictatime when reading sets the time of access; relatime is what it is without
  lazytime                       times alone are kept in memory for a while
  data=ordered|journal|writeback, commit=SECONDS, nodelalloc, discard, noload
  errors=continue|remount-ro|panic
  usrquota, grpquota, prjquota   limits are enforced, where the image records what is used
  grpid                          new files get the group of their directory
  nosuid, nodev                  as it is without suid and dev, which take root
  noexec, exec                   programs do not run, or do
  allow_other                    other users may enter, which /etc/fuse.conf may forbid to all but root
  remount                        a mount that is there becomes ro, rw, noexec or the like, which takes root
  writethrough                   every write is answered by the file system: an error, as of a full image, does not wait for close or fsync

With a link to extant as /sbin/mount.fuse.extant, or with extant in the PATH and fuse3 installed, "mount -t fuse.extant IMAGE DIR" and lines of /etc/fstab work. It is for Linux.`,
		Example: `  extant mount disk.img /mnt/disk
  extant mount -o ro,noload disk.img#2 /mnt/disk
  extant umount /mnt/disk`,
		Args: cobra.ExactArgs(2),
	}, func(args []string) error { return m.run(args[0], args[1]) })
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringArrayVarP(&m.options, "options", "o", nil, "mount `OPTIONS`, as above")
	flags.IntVar(&m.partition, "partition", 0, "mount partition `N` of the image, as IMAGE#N does")
	flags.BoolVarP(&m.foreground, "foreground", "f", false, "serve the mount from this process, until it is unmounted")
	flags.StringVar(&m.log, "log", "", "append what goes wrong later to `FILE`")
	cmd.ValidArgsFunction = nil
	return cmd
}

func (m *mounting) run(image, dir string) error {
	for _, list := range m.options {
		if err := m.parse(list); err != nil {
			return err
		}
	}
	if m.partition != 0 {
		image += "#" + strconv.Itoa(m.partition)
	}
	if st, err := os.Stat(dir); err != nil {
		return err
	} else if !st.IsDir() {
		return &fs.PathError{Op: "mount", Path: dir, Err: syscall.ENOTDIR}
	}
	if m.remount {
		return m.change(dir)
	}
	return m.serve(image, dir)
}

// change changes a mount that is there, as far as its flags go.
func (m *mounting) change(dir string) error {
	settled := m.ext4
	if settled.ATime == ext4.NoATime {
		settled.ATime = 0 // refused where it is not so anyway
	}
	if !reflect.ValueOf(settled).IsZero() || m.fuse.WriteThrough || m.fuse.GroupOfDir {
		return usagef("-o remount changes ro, suid, dev and exec; for the rest, unmount and mount again")
	}
	m.fuse.ReadOnly = m.ro
	if err := fuse.Remount(dir, m.fuse); err != nil {
		return &addressError{dir, err}
	}
	return nil
}

// mount opens the image and mounts it.
func (m *mounting) mount(image, dir string) (*fuse.Server, *extant.Volume, error) {
	vol, err := m.open(image)
	if err != nil {
		return nil, nil, err
	}
	m.fuse.ReadOnly = !m.ext4.ReadWrite
	if m.fuse.Source, err = filepath.Abs(image); err != nil {
		return nil, nil, errors.Join(err, vol.Close())
	}
	if err := m.checkQuotas(vol.Inodes()); err != nil {
		return nil, nil, errors.Join(err, vol.Close())
	}
	s, err := fuse.Mount(vol.Inodes(), dir, m.fuse)
	if err != nil {
		return nil, nil, errors.Join(&addressError{dir, err}, vol.Close())
	}
	return s, vol, nil
}

// open opens the image to write or, where that cannot be and nobody insists, to read, and says so.
func (m *mounting) open(image string) (*extant.Volume, error) {
	o := m.ext4
	o.NoLoad, o.Shared, o.Truncated, o.SuperBlock = o.NoLoad || m.a.options.NoLoad, m.a.options.Shared, m.a.options.Truncated, m.a.options.SuperBlock
	o.Background = true
	o.ReadPast, o.WritePast, o.DataBytes = true, fuse.WritePast, mountDataBytes // the kernel has a cache of its own
	reading := m.ro || o.NoLoad || o.Shared || o.Truncated || o.SuperBlock != 0
	if reading && m.rw {
		return nil, usagef("rw does not go with what is for reading: noload, --shared, --truncated, --superblock")
	}
	if !reading {
		o.ReadWrite = true
		limit := liftLimit()
		vol, err := extant.OpenWith(image, o)
		if err == nil && end(vol) > limit {
			err = errors.Join(errLimit, vol.Close())
		}
		why := whyReadOnly(err)
		switch {
		case err == nil:
			m.ext4 = o
			return vol, nil
		case why == "" || m.rw:
			return nil, &openError{image, err, true}
		}
		m.a.note("%s %s: mounting read-only", image, why)
		o.ReadWrite = false
	}
	vol, err := extant.OpenWith(image, o)
	if err != nil {
		return nil, &openError{image, err, false}
	}
	m.ext4 = o
	return vol, nil
}

// mountDataBytes is the memory for data on its way from the kernel's cache to the image. More would only have to be found first: a page that a process has not used
// yet costs more than to fill it.
const mountDataBytes = 64 << 20

// errLimit says that a process may not write all of an image.
var errLimit = errors.New("is longer than the files that this process may write (ulimit -f)")

// end is how many bytes a file system takes.
func end(vol *extant.Volume) uint64 {
	sb := vol.Inodes().Super()
	return sb.Blocks() * uint64(sb.BlockSize())
}

// whyReadOnly is what keeps an image from being written that may well be read, or nothing.
func whyReadOnly(err error) string {
	var unsupported *extant.UnsupportedError
	switch {
	case errors.Is(err, errLimit):
		return errLimit.Error()
	case errors.Is(err, syscall.EACCES), errors.Is(err, syscall.EROFS), errors.Is(err, syscall.EPERM):
		return "is write-protected"
	case errors.As(err, &unsupported):
		return "cannot be written (" + unsupported.Error() + ")"
	}
	return ""
}

// checkQuotas refuses to enforce what the image does not record.
func (m *mounting) checkQuotas(fs *ext4.FS) error {
	for _, q := range m.quotas {
		if _, err := fs.Quota(q.kind, 0); errors.Is(err, syscall.ESRCH) {
			return usagef("%s: the image does not record what is used (mkfs -O %s does)", q.option, q.feature)
		}
	}
	return nil
}
