package ext4

import (
	"encoding/binary"
	"io"
	"syscall"

	"extant/sched"
)

// MapFlags say what a mapping is for.
type MapFlags uint8

// Flags of a mapping.
const (
	MapWrite   MapFlags = 1 << iota // it may be stored to
	MapPrivate                      // what is stored is seen through this mapping alone, and nobody's when it is closed
)

// MemoryMap is a mapping of a file into memory, in software: loads and stores go to the folios of the file's cache, which read and
// write use as well, so that everybody sees the same bytes at once. A store needs no lock of the file's and takes none that a writer
// holds. Offsets count from the start of the mapping. Past the end of the file there is nothing: io.EOF.
//
// A mapping keeps its inode alive until Close. It may be used from many goroutines at once.
type MemoryMap struct {
	n      *Inode   // immutable
	off    int64    // immutable: of the mapping in the file
	length int64    // immutable
	flags  MapFlags // immutable
	fault  FaultFlags

	mu sched.RWMutex // guards own, and excludes stores to it
	// +checklocks:mu
	own map[uint64][]byte // blocks of a private mapping that were stored to, by number
}

var classMap = &sched.Class{Name: "maps", Doc: "the blocks that a private mapping has for itself (mmap_lock)"}

// Map maps length bytes of a regular file from off on, which is a multiple of the block size. The file may be shorter. Without MapWrite
// stores are syscall.EACCES.
func (n *Inode) Map(off, length int64, flags MapFlags) (*MemoryMap, error) {
	switch {
	case n.IsDir():
		return nil, syscall.EISDIR
	case n.content == nil && (flags&(MapWrite|MapPrivate) == MapWrite):
		return nil, syscall.EROFS
	case off < 0 || length <= 0 || off&int64(n.fs.blockSize-1) != 0 || off > n.sizeMax()-length:
		return nil, syscall.EINVAL
	case n.encrypted():
		return nil, errEncrypted
	}
	if flags&(MapWrite|MapPrivate) == MapWrite {
		if err := n.checkWrite(); err != nil {
			return nil, err
		}
	}
	if err := n.Hold(); err != nil {
		return nil, err
	}
	m := &MemoryMap{n: n, off: off, length: length, flags: flags}
	m.mu.Init(classMap)
	return m, nil
}

// Close ends the mapping. What was stored stays in the file, and is written back in time. The error is that of [Inode.Release].
func (m *MemoryMap) Close() error {
	m.mu.Lock()
	m.own = nil
	m.mu.Unlock()
	return m.n.Release()
}

// Len is the length of the mapping in bytes.
func (m *MemoryMap) Len() int64 { return m.length }

// Sync writes what was stored to n bytes from off on to the device, and returns when it is durable, and the file with it
// (msync). In a private mapping it does nothing.
func (m *MemoryMap) Sync(off, n int64) error {
	if off < 0 || n < 0 || n > m.length-off {
		return syscall.EINVAL
	}
	if m.flags&(MapWrite|MapPrivate) != MapWrite || n == 0 {
		return nil
	}
	bits := m.n.fs.blockBits
	first, end := uint64(m.off+off)>>bits, uint64(m.off+off+n-1)>>bits+1
	if err := m.n.writeback(first, end); err != nil {
		return m.n.fs.judge(err)
	}
	return m.n.syncMeta(false)
}

// ReadAt loads as io.ReaderAt says.
func (m *MemoryMap) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, syscall.EINVAL
	}
	if off >= m.length {
		return 0, io.EOF
	}
	short := int64(len(p)) > m.length-off
	if short {
		p = p[:m.length-off]
	}
	for done := 0; done < len(p); {
		k, err := m.load(p[done:], off+int64(done))
		if done += k; err != nil {
			return done, err
		}
	}
	if short {
		return len(p), io.EOF
	}
	return len(p), nil
}

// load fills the start of p, within one block.
func (m *MemoryMap) load(p []byte, off int64) (int, error) {
	i, at, k := m.span(off, len(p))
	left := m.n.length() - m.off - off
	if left <= 0 {
		return 0, io.EOF
	}
	p = p[:min(int64(k), left)]
	if m.flags&MapPrivate != 0 && m.loadOwn(i, at, p) {
		return len(p), nil
	}
	return m.n.ReadAt(p, m.off+off)
}

// loadOwn fills p from the mapping's own copy of block i, and says whether there is one.
func (m *MemoryMap) loadOwn(i uint64, at int, p []byte) bool {
	m.mu.RLock()
	defer m.mu.RUnlock()
	own := m.own[i]
	if own == nil {
		return false
	}
	copy(p, own[at:])
	return true
}

// span is the block of the file that offset off of the mapping lies in, the place in it, and how many of k bytes.
func (m *MemoryMap) span(off int64, k int) (i uint64, at, n int) {
	bs := m.n.fs.blockSize
	pos := m.off + off
	at = int(pos) & (bs - 1)
	return uint64(pos) >> m.n.fs.blockBits, at, min(k, bs-at)
}

// WriteAt stores as io.WriterAt says. The file does not grow: what lies past its end is io.EOF.
func (m *MemoryMap) WriteAt(p []byte, off int64) (int, error) {
	if err := m.checkStore(off); err != nil {
		return 0, err
	}
	for done := 0; done < len(p); {
		if off+int64(done) >= m.length {
			return done, io.EOF
		}
		k, err := m.storeBytes(p[done:min(int64(len(p)), m.length-off)], nil, off+int64(done))
		if done += k; err != nil {
			return done, err
		}
	}
	return len(p), nil
}

func (m *MemoryMap) checkStore(off int64) error {
	switch {
	case m.flags&MapWrite == 0:
		return syscall.EACCES
	case off < 0:
		return syscall.EINVAL
	}
	return nil
}

// storeBytes stores the start of p, within one block, but for the bytes that are the same in old, where that is given.
func (m *MemoryMap) storeBytes(p, old []byte, off int64) (int, error) {
	i, at, k := m.span(off, len(p))
	done := 0
	put := func(data []byte) {
		left := m.n.length() - m.off - off
		if left <= 0 {
			return
		}
		done = int(min(int64(k), left))
		merge(data[at:at+done], p[:done], old)
	}
	err := m.storeTo(i, put)
	if err == nil && done == 0 {
		err = io.EOF
	}
	return done, err
}

// storeTo lets put change block i of the file, or the mapping's own copy of it.
func (m *MemoryMap) storeTo(i uint64, put func(data []byte)) error {
	if m.flags&MapPrivate != 0 {
		return m.storeOwn(i, put)
	}
	return m.n.store(i, m.fault, put)
}

// merge copies from p what is not the same in old.
func merge(to, p, old []byte) {
	if old == nil {
		copy(to, p)
		return
	}
	for i := range to {
		if p[i] != old[i] {
			to[i] = p[i]
		}
	}
}

// storeOwn stores to a private mapping's own copy of a block. The first store makes the copy, which may read the device, and so
// does it without the lock.
func (m *MemoryMap) storeOwn(i uint64, put func(data []byte)) error {
	if m.storeCopied(i, nil, put) {
		return nil
	}
	own := make([]byte, m.n.fs.blockSize)
	if _, err := m.n.ReadAt(own, int64(i)<<m.n.fs.blockBits); err != nil && err != io.EOF {
		return err
	}
	m.storeCopied(i, own, put)
	return nil
}

// storeCopied stores to the copy of block i that the mapping has, or that it is given to have if it has none yet. It reports whether
// there is one.
func (m *MemoryMap) storeCopied(i uint64, fresh []byte, put func(data []byte)) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	own := m.own[i]
	switch {
	case own == nil && fresh == nil:
		return false
	case own == nil:
		if m.own == nil {
			m.own = map[uint64][]byte{}
		}
		m.own[i], own = fresh, fresh
	}
	put(own)
	return true
}

// Load loads an integer of size bytes, 1, 2, 4 or 8, in little-endian order. off is a multiple of size.
func (m *MemoryMap) Load(off int64, size int) (uint64, error) {
	if err := m.checkWord(off, size); err != nil {
		return 0, err
	}
	var b [8]byte
	k, err := m.load(b[:size], off)
	if err == nil && k < size {
		err = io.EOF
	}
	return binary.LittleEndian.Uint64(b[:]), err
}

// checkWord refuses what is no word of the mapping: off is a multiple of size.
func (m *MemoryMap) checkWord(off int64, size int) error {
	switch {
	case size < 1 || size > 8 || size&(size-1) != 0 || off < 0 || off&int64(size-1) != 0:
		return syscall.EINVAL
	case off > m.length-int64(size):
		return io.EOF
	}
	return nil
}

// Store stores an integer as Load loads it. Other stores and loads of the same word see it whole or not at all.
func (m *MemoryMap) Store(off int64, size int, v uint64) error {
	_, err := m.swap(off, size, func(uint64) (uint64, bool) { return v, true })
	return err
}

// CompareAndSwap stores next where old stands, and says whether it did.
func (m *MemoryMap) CompareAndSwap(off int64, size int, old, next uint64) (bool, error) {
	return m.swap(off, size, func(v uint64) (uint64, bool) { return next, v == old })
}

// swap changes a word to what f says, if f says so.
func (m *MemoryMap) swap(off int64, size int, f func(v uint64) (uint64, bool)) (swapped bool, err error) {
	if err := m.checkStore(off); err != nil {
		return false, err
	}
	if err := m.checkWord(off, size); err != nil {
		return false, err
	}
	i, at, _ := m.span(off, size)
	whole := false
	put := func(data []byte) {
		if whole = m.off+off+int64(size) <= m.n.length(); !whole {
			return
		}
		var b [8]byte
		copy(b[:size], data[at:])
		var v uint64
		if v, swapped = f(binary.LittleEndian.Uint64(b[:])); swapped {
			binary.LittleEndian.PutUint64(b[:], v)
			copy(data[at:at+size], b[:size])
		}
	}
	err = m.storeTo(i, put)
	if err == nil && !whole {
		err = io.EOF
	}
	return swapped, err
}

// Access calls f with n bytes of the mapping from off on, all of which lie in the file: else it is io.EOF. f may change them where write
// is set, and what it changed is stored when it returns without an error. No lock is held while f runs, so it may read and write the file itself,
// from this very memory. Bytes that f did not change are not stored: what others store to those meanwhile stays.
func (m *MemoryMap) Access(off int64, n int, write bool, f func(b []byte) error) error {
	if write {
		if err := m.checkStore(off); err != nil {
			return err
		}
	}
	if n < 0 || off < 0 {
		return syscall.EINVAL
	}
	b := make([]byte, n)
	if k, err := m.ReadAt(b, off); k < n {
		return err
	}
	var old []byte
	if write {
		old = append(make([]byte, 0, n), b...)
	}
	if err := f(b); err != nil || !write {
		return err
	}
	for done := 0; done < n; {
		k, err := m.storeBytes(b[done:], old[done:], off+int64(done))
		if err != nil {
			return err
		}
		done += k
	}
	return nil
}
