package fuse

import (
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/hanwen/go-fuse/v2/fuse"

	"extant/ext4"
	"extant/internal/ondisk"
)

// A node is an inode that the kernel knows. As long as it does the inode is held: it is not freed though it may lose its last name.
type node struct {
	*ext4.Inode

	noCaps atomic.Bool // it has no security.capability for sure

	lookups uint64 // guarded by the lock of the table
}

// nodes is the table of what the kernel knows.
type nodes struct {
	fs      *ext4.FS
	freeing sync.WaitGroup // inodes that the kernel has forgotten

	freed atomic.Int64 // how many of them have been freed

	mu    sync.Mutex
	table map[ondisk.Ino]*node // guarded by mu
}

func (t *nodes) init(fs *ext4.FS) {
	t.fs = fs
	t.table = map[ondisk.Ino]*node{}
}

// inoOf is the inode that a node id stands for.
func inoOf(id uint64) ondisk.Ino {
	if id == fuse.FUSE_ROOT_ID {
		return ondisk.RootIno
	}
	return ondisk.Ino(id)
}

// idOf is the node id of an inode.
func idOf(ino ondisk.Ino) uint64 {
	if ino == ondisk.RootIno {
		return fuse.FUSE_ROOT_ID
	}
	return uint64(ino)
}

// get is the node of an id. One that the kernel should have forgotten, as a file server's handle may name, is not in the table
// afterwards either.
func (t *nodes) get(id uint64) (*node, error) {
	ino := inoOf(id)
	t.mu.Lock()
	n := t.table[ino]
	t.mu.Unlock()
	if n != nil {
		return n, nil
	}
	in, err := t.fs.Inode(ino)
	if err != nil {
		return nil, err
	}
	return &node{Inode: in}, nil
}

// add counts a lookup of an inode that is held once for it.
func (t *nodes) add(in *ext4.Inode) {
	t.mu.Lock()
	n := t.table[in.Ino()]
	known := n != nil
	if !known {
		n = &node{Inode: in}
		t.table[in.Ino()] = n
	}
	n.lookups++
	t.mu.Unlock()
	if known {
		_ = in.Release() // the table holds it already, so nothing is freed
	}
}

// forget takes lookups back. What the kernel does not know any more is freed if it has no name, beside the caller.
func (t *nodes) forget(id, lookups uint64) {
	ino := inoOf(id)
	t.mu.Lock()
	n := t.table[ino]
	if n == nil {
		t.mu.Unlock()
		return
	}
	n.lookups -= min(lookups, n.lookups)
	last := n.lookups == 0
	if last {
		delete(t.table, ino)
	}
	t.mu.Unlock()
	switch {
	case !last:
	case n.Attr().Links > 0:
		_ = n.Release()
	default:
		t.freeing.Go(func() {
			_ = n.Release() // what it returns is damage that the file system knows of
			t.freed.Add(1)
		})
	}
}

// withSpace does something again that lacked space, if inodes have been freed meanwhile: the kernel lets go of them a moment after the last close.
func (t *nodes) withSpace(do func() error) error {
	for {
		before := t.freed.Load()
		err := do()
		if err != syscall.ENOSPC && err != syscall.EDQUOT || !t.freedSince(before) {
			return err
		}
	}
}

// freedSince waits a moment for more inodes to have been freed than there were before.
func (t *nodes) freedSince(before int64) bool {
	for range 5 {
		if t.freed.Load() != before {
			return true
		}
		time.Sleep(time.Millisecond)
	}
	return t.freed.Load() != before
}

// releaseAll forgets everything, after the last request.
func (t *nodes) releaseAll() {
	t.mu.Lock()
	all := t.table
	t.table = map[ondisk.Ino]*node{}
	t.mu.Unlock()
	for _, n := range all {
		_ = n.Release()
	}
	t.freeing.Wait()
}
