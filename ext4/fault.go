package ext4

import (
	"io"
	"syscall"

	"extant/internal/journal"
	"extant/internal/page"
)

// FaultFlags say what a store through a mapping allows the handler of its fault. They are a value of the fault, not a state of the task. A
// handler that needs one of them fails where it is not given; this one needs none, whatever it is given.
type FaultFlags uint8

// Flags of a fault, with the kernel's names.
const (
	FaultAllowRetry FaultFlags = 1 << iota // it may let go of the mapping's lock and ask to be called again (FAULT_FLAG_ALLOW_RETRY)
	FaultTried                             // it did so before (FAULT_FLAG_TRIED)
	FaultRemote                            // another process stores (FAULT_FLAG_REMOTE)
)

// store lets put change folio i through a mapping. The first store since the folio was written back is a fault.
func (n *Inode) store(i uint64, flags FaultFlags, put func(data []byte)) error {
	if f := n.pages.Find(i); f != nil {
		if f.Has(page.Dirty|page.Uptodate) && int64(i)<<n.fs.blockBits < n.size.Load() {
			put(f.Data())
			f.Unlock()
			return nil
		}
		f.Unlock()
	}
	for try := 0; ; try++ {
		err := n.fault(i, flags, put)
		if err != syscall.ENOSPC || !n.fs.findSpace(try) {
			return n.fs.judge(err)
		}
	}
}

// fault prepares for the store and lets it happen before anybody else sees the folio.
func (n *Inode) fault(i uint64, flags FaultFlags, put func(data []byte)) error {
	n.w.fault.enter()
	defer n.w.fault.leave()
	if err := n.w.refuses(); err != nil {
		return err
	}
	if int64(i)<<n.fs.blockBits >= n.size.Load() {
		return nil // nothing is stored past the end, and nothing changes
	}
	if err := n.stampWrite(); err != nil {
		return err
	}
	if err := n.fs.throttle(); err != nil {
		return err
	}
	n.invalidate.RLock()
	defer n.invalidate.RUnlock()
	if n.hasVerity() {
		return syscall.EPERM // protected since it was mapped
	}
	if n.where().mayBeInline() {
		if err := n.faultEvict(); err != nil {
			return err
		}
	}
	f, h, err := n.pageMkwrite(i, flags)
	if err != nil {
		return err
	}
	put(f.Data())
	f.Unlock()
	if h != nil {
		return h.Stop()
	}
	return nil
}

// faultEvict evicts the data of a file from its inode, as far as there is any.
func (n *Inode) faultEvict() error {
	if n.delays() {
		zero := n.pages.Lock(0)
		err := n.faultZero(zero)
		zero.Unlock()
		return err
	}
	h, err := n.start(inodeCredits + leaveCredits)
	if err != nil {
		return err
	}
	zero := n.pages.Lock(0)
	if err = n.faultZero(zero); err == nil {
		err = n.leaveInode(h, zero)
	}
	zero.Unlock()
	return n.w.stopped(h, err)
}

// faultZero evicts where there is anything to store to.
func (n *Inode) faultZero(zero *page.Folio) error {
	if n.size.Load() == 0 {
		return io.EOF
	}
	return n.evictInline(zero)
}

// pageMkwrite makes folio i ready to be stored to (page_mkwrite) and returns it locked and dirty, with a handle to stop later if it
// needed one. It takes neither the inode's lock nor anything else that a writer holds while it touches its caller's memory. io.EOF says that
// the file ends before the folio. The data of the file is not in the inode, and invalidate is held.
func (n *Inode) pageMkwrite(i uint64, _ FaultFlags) (f *page.Folio, h *journal.Handle, err error) {
	if !n.delays() {
		if h, err = n.start(n.mapCredits() + inodeCredits + 1); err != nil {
			return nil, nil, err
		}
	}
	f = n.pages.Lock(i)
	if err = n.mkwrite(h, f); err == nil {
		return f, h, nil
	}
	f.Unlock()
	if h != nil {
		err = n.w.stopped(h, err)
	}
	return nil, nil, err
}

// mkwrite is pageMkwrite with the folio locked.
func (n *Inode) mkwrite(h *journal.Handle, f *page.Folio) error {
	if int64(f.Index())<<n.fs.blockBits >= n.size.Load() {
		return io.EOF
	}
	if !f.Has(page.Uptodate) {
		if _, err := n.readFolios([]*page.Folio{f}); err != nil {
			return err
		}
	}
	if h == nil {
		if err := n.back(f); err != nil {
			return err
		}
		n.makeDirty(f)
		return nil
	}
	fresh, err := n.backNow(h, f)
	if err == nil {
		err = n.settle(h, f, fresh)
	}
	if err == nil {
		n.makeDirty(f)
	}
	return err
}
