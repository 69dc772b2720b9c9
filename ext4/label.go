package ext4

import (
	"syscall"

	"extant/internal/journal"
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
	err := w.do(1, func(h *journal.Handle) error {
		return w.super.update(h, func(sb *ondisk.Super) { sb.VolumeName = name })
	})
	if err != nil {
		return err
	}
	for g := range w.fs.sb.BackupGroups() {
		if g == 0 {
			continue
		}
		if err := w.do(1, func(h *journal.Handle) error { return w.super.labelCopy(h, w.fs.sb.GroupFirstBlock(g)) }); err != nil {
			return err
		}
	}
	return w.journal.Flush() // who looks at the device sees it
}

// labelCopy gives the copy of the super block in block b, if there is one, the name that the super block has. Who changes the name last changes the
// copies after the super block, whatever others do to them meanwhile.
func (s *superState) labelCopy(h *journal.Handle, b ondisk.Block) error {
	buf, err := s.fs.cache.Read(b)
	if err != nil {
		return err
	}
	data, err := h.Access(buf)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var sb ondisk.Super
	if err := sb.Decode(data[:ondisk.SuperSize]); err != nil || sb.Magic != ondisk.SuperMagic || sb.CheckCsum() != nil {
		return nil // it is for fsck to make one
	}
	sb.VolumeName = s.sb.VolumeName
	sb.SetCsum()
	sb.Encode(data[:ondisk.SuperSize])
	h.Dirty(buf)
	return nil
}
