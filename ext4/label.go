package ext4

import (
	"syscall"

	"extant/internal/ondisk"
)

// SetLabel changes the name of the file system, durably, in the super block and its copies (FS_IOC_SETFSLABEL). One of more than 16 bytes is syscall.EINVAL.
func (fs *FS) SetLabel(label string) error {
	var name [16]byte
	if copy(name[:], label) < len(label) {
		return syscall.EINVAL
	}
	w, err := fs.enter()
	if err != nil {
		return err
	}
	defer w.leave()
	return fs.judge(w.setLabel(name))
}

func (w *writer) setLabel(name [16]byte) error {
	h, err := w.start(1)
	if err != nil {
		return err
	}
	err = w.super.update(h, func(sb *ondisk.Super) { sb.VolumeName = name })
	if err = w.stopped(h, err); err != nil {
		return err
	}
	for g := range w.fs.sb.BackupGroups() {
		if g == 0 {
			continue
		}
		if err := w.labelCopy(w.fs.sb.GroupFirstBlock(g), name); err != nil {
			return err
		}
	}
	return w.journal.Flush() // who looks at the device sees it
}

// labelCopy changes the copy of the super block in block b, if there is one.
func (w *writer) labelCopy(b ondisk.Block, name [16]byte) error {
	h, err := w.start(1)
	if err != nil {
		return err
	}
	return w.stopped(h, func() error {
		buf, err := w.fs.cache.Read(b)
		if err != nil {
			return err
		}
		var sb ondisk.Super
		if err := sb.Decode(buf.Data()[:ondisk.SuperSize]); err != nil || sb.Magic != ondisk.SuperMagic || sb.CheckCsum() != nil {
			return nil // it is for fsck to make one
		}
		data, err := h.Access(buf)
		if err != nil {
			return err
		}
		sb.VolumeName = name
		sb.SetCsum()
		sb.Encode(data[:ondisk.SuperSize])
		h.Dirty(buf)
		return nil
	}())
}
