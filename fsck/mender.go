package fsck

import (
	"time"

	"extant/internal/ondisk"
)

// A mender makes the repairs of one round. It goes by what the round's check found, and writes to the draft, from which it reads what
// it has written.
type mender struct {
	c *checker
	d *draft
	r *repairer

	done map[task]bool
	lost lostFound
}

// A task is a repair that answers several findings, and is made once in a round.
type task struct {
	action Action
	group  ondisk.Group
	ino    ondisk.Ino
	block  ondisk.Block
}

func newMender(c *checker, r *repairer) *mender {
	m := &mender{c: c, d: r.draft, r: r, done: make(map[task]bool)}
	m.c.dev = r.draft // after the journal was replayed, or where there is nothing to be replayed
	r.space.update(c)
	return m
}

// once reports whether a task is still to be done.
func (m *mender) once(t task) bool {
	before := m.done[t]
	m.done[t] = true
	return !before
}

// now is the time of the repair, or what comes closest to it without a clock: that of the last write.
func (m *mender) now() uint32 {
	t := m.c.o.Now
	if t.IsZero() {
		t = m.c.sb.Written()
	}
	if s := t.Unix(); s > 0 {
		return uint32(s)
	}
	return 1
}

// super edits the primary super block.
func (m *mender) super(edit func(s *ondisk.Super)) error {
	var b [ondisk.SuperSize]byte
	if err := readAt(m.d, b[:], ondisk.SuperOffset); err != nil {
		return err
	}
	var s ondisk.Super
	if err := s.Decode(b[:]); err != nil {
		return err
	}
	edit(&s)
	return m.putSuper(&s)
}

func (m *mender) putSuper(s *ondisk.Super) error {
	var b [ondisk.SuperSize]byte
	s.SetCsum()
	s.Encode(b[:])
	_, err := m.d.WriteAt(b[:], ondisk.SuperOffset)
	return err
}

// descriptor edits the primary descriptor of a group. The edit sees the descriptor by which the group was judged.
func (m *mender) descriptor(g ondisk.Group, edit func(d *ondisk.GroupDesc)) error {
	s := &m.c.sb
	at, off := s.DescriptorBlock(g)
	b := make([]byte, s.DescriptorSize())
	pos := int64(at)*int64(m.c.bs) + int64(off)
	if err := readAt(m.d, b, pos); err != nil {
		return err
	}
	d := &m.c.groups[g].desc
	edit(d)
	d.Encode(b)
	if m.c.gdt {
		d.Checksum = m.c.groupSum(g, b)
		d.Encode(b)
	}
	_, err := m.d.WriteAt(b, pos)
	return err
}

// inode edits an inode: its fields, and the bytes of its slot after them.
func (m *mender) inode(ino ondisk.Ino, edit func(n *ondisk.Inode, slot []byte)) error {
	at, ok := m.c.inodeAt(ino)
	if !ok {
		return ondisk.Corrupt("inode", "no inode %d", ino)
	}
	slot := make([]byte, m.c.slot)
	if err := readAt(m.d, slot, at); err != nil {
		return err
	}
	var n ondisk.Inode
	if err := n.Decode(slot); err != nil {
		return err
	}
	edit(&n, slot)
	n.Encode(slot)
	return m.putSlot(ino, at, slot)
}

func (m *mender) putSlot(ino ondisk.Ino, at int64, slot []byte) error {
	if m.c.csum {
		ondisk.SetInodeCsum(m.c.seed, ino, slot)
	}
	_, err := m.d.WriteAt(slot, at)
	return err
}

// getInode reads an inode and the seed of its blocks.
func (m *mender) getInode(ino ondisk.Ino) (n ondisk.Inode, slot []byte, seed uint32, err error) {
	slot = make([]byte, m.c.slot)
	err = m.c.readInode(ino, slot, &n)
	return n, slot, m.c.inodeSeed(ino, &n), err
}

// inodeOnce reads an inode for a task that is made once in a round; nil where the task was made already, or with an error.
func (m *mender) inodeOnce(a Action, ino ondisk.Ino) (*ondisk.Inode, error) {
	if !m.once(task{action: a, ino: ino}) {
		return nil, nil
	}
	n, _, _, err := m.getInode(ino)
	if err != nil {
		return nil, err
	}
	return &n, nil
}

// walk shows the map of an inode to a visitor.
func (m *mender) walk(ino ondisk.Ino, n *ondisk.Inode, v mapVisitor) {
	var bufs [nodeLevels][]byte
	w := mapper{im: &m.c.image, ino: ino, seed: m.c.inodeSeed(ino, n), v: v, bufs: &bufs}
	w.walk(n)
}

// get reads a block.
func (m *mender) get(b ondisk.Block) ([]byte, error) {
	p := make([]byte, m.c.bs)
	return p, m.c.read(b, p)
}

// put writes a block.
func (m *mender) put(b ondisk.Block, p []byte) error {
	_, err := m.d.WriteAt(p, int64(b)*int64(m.c.bs))
	return err
}

// block edits a block.
func (m *mender) block(b ondisk.Block, edit func(p []byte)) error {
	p, err := m.get(b)
	if err != nil {
		return err
	}
	edit(p)
	return m.put(b, p)
}

// clearInode takes an inode out of use. What it held is left in it, as e2fsck leaves it.
func (m *mender) clearInode(ino ondisk.Ino) error {
	return m.inode(ino, func(n *ondisk.Inode, _ []byte) {
		n.Flags, n.LinksCount, n.DTime = 0, 0, m.now()
	})
}

// wipeInode leaves nothing of an inode. It is for those whose numbers are reserved.
func (m *mender) wipeInode(ino ondisk.Ino) error {
	at, ok := m.c.inodeAt(ino)
	if !ok {
		return ondisk.Corrupt("inode", "no inode %d", ino)
	}
	_, err := m.d.WriteAt(make([]byte, m.c.slot), at)
	return err
}

// seal notes in the super block that the file system was checked and found sound; false where it says so already.
func (m *mender) seal() bool {
	s := &m.c.sb
	if s.State&ondisk.StateClean != 0 && s.State&ondisk.StateError == 0 && m.c.o.Now.IsZero() {
		return false
	}
	return m.super(func(s *ondisk.Super) {
		s.State = s.State&^ondisk.StateError | ondisk.StateClean
		s.MountCount = 0
		if !m.c.o.Now.IsZero() {
			s.SetChecked(m.c.o.Now)
			s.SetWritten(m.c.o.Now)
		}
		forgetErrors(s)
	}) == nil
}

// forgetErrors clears what the kernel noted of errors it met.
func forgetErrors(s *ondisk.Super) {
	s.ErrorCount = 0
	s.SetFirstErrorSeen(time.Unix(0, 0))
	s.SetLastErrorSeen(time.Unix(0, 0))
	s.FirstErrorIno, s.FirstErrorBlock, s.FirstErrorLine, s.FirstErrorCode = 0, 0, 0, 0
	s.LastErrorIno, s.LastErrorBlock, s.LastErrorLine, s.LastErrorCode = 0, 0, 0, 0
	s.FirstErrorFunc, s.LastErrorFunc = [32]byte{}, [32]byte{}
}

// Shapes of remedies.

// doSuper edits the super block; want is the finding's.
func doSuper(t tier, edit func(s *ondisk.Super, want uint64)) remedy {
	return remedy{t, func(m *mender, f *Finding) error {
		return m.super(func(s *ondisk.Super) { edit(s, f.Repair.Want) })
	}}
}

// doInode edits the inode of a finding.
func doInode(t tier, edit func(n *ondisk.Inode, want uint64)) remedy {
	return remedy{t, func(m *mender, f *Finding) error {
		return m.inode(f.Place.Ino, func(n *ondisk.Inode, _ []byte) { edit(n, f.Repair.Want) })
	}}
}

// clearFlags clears the flags that a finding is about in its inode.
var clearFlags = doInode(tierInodes, func(n *ondisk.Inode, want uint64) { n.Flags &^= uint32(want) })

// doClear takes the inode of a finding out of use.
func doClear(t tier) remedy {
	return remedy{t, func(m *mender, f *Finding) error {
		if !m.once(task{action: ClearInode, ino: f.Place.Ino}) {
			return nil
		}
		if m.c.hidden(f.Place.Ino) {
			return m.wipeInode(f.Place.Ino)
		}
		return m.clearInode(f.Place.Ino)
	}}
}
