package lab

import (
	"slices"

	"extant/explore"
	"extant/sched"
)

const (
	fileMax   = 4    // bytes the model's file can have: one block
	blocksMax = 4    // blocks the device has
	stale     = '\a' // what a block held for somebody else
)

// raw is what the on-disk inode says of the one file there is.
type raw struct {
	inline bool          // EXT4_INODE_INLINE_DATA: value holds the data
	value  [fileMax]byte // i_block and system.data
	length int           // of value: i_inline_size
	block  int           // that is mapped, or 0
	size   int           // i_disksize
	cut    int           // the smallest size there has been: what the file held beyond is gone
}

// device is what survives a crash.
type device struct {
	sched.Mutex

	// +checklocks:Mutex
	inode raw
	// +checklocks:Mutex
	blocks [blocksMax][fileMax]byte
	// +checklocks:Mutex
	promised [fileMax]bool // fsync has promised that what was there first is gone
}

// crash judges what would be found if the machine died now: each byte is one that was there before or that
// somebody wrote, none is another file's, and what was promised is there. The device changes nowhere else than
// where crash is called, so all moments of a crash are judged.
//
// +checklocks:fs.device.Mutex
func (fs *fs) crash() {
	d := &fs.device
	data := d.inode.value
	if !d.inode.inline {
		data = d.blocks[d.inode.block]
	}
	for pos, b := range data[:d.inode.size] {
		allowed := fs.tried(pos)
		if !d.promised[pos] {
			allowed = fs.history(pos, d.inode.cut)
		}
		if !slices.Contains(allowed, b) { // else what is not said need not be worded
			explore.Failf("a crash now shows %s in byte %d, which should be %s", show(b), pos, showAny(allowed))
		}
	}
}

// history returns the values that byte pos has had or may have by now, if the file was never smaller than cut.
func (fs *fs) history(pos, cut int) []byte {
	values := fs.tried(pos)
	was := byte(0)
	if pos < cut && pos < len(fs.initial) {
		was = fs.initial[pos]
	}
	if slices.Contains(values, was) {
		return values
	}
	return append(values, was)
}

// promise states that a value that tasks have written to pos is durable: the one of who says so, or one that came after.
func (fs *fs) promise(pos int) {
	d := &fs.device
	d.Lock()
	defer d.Unlock()
	d.promised[pos] = true
	fs.crash()
}
