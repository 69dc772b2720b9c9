package journal

import (
	"encoding/binary"
	"iter"

	"extant/internal/ondisk"
)

// Overlay is what recovery found: for each journaled block, the copy in the log that stands for its home.
type Overlay struct {
	l      *Log
	newest map[ondisk.Block]copyRef
	homes  []ondisk.Block // keys of newest, ascending
	end    TID            // first transaction not recovered
	damage *ondisk.CorruptError
	fast   fastArea
}

// Recover makes the three passes. A log that is empty gives an empty overlay. It returns a *CorruptError where a
// committed transaction makes no sense, such as a block that belongs outside the device. A transaction with a wrong checksum is not
// an error here: recovery ends before it, and Damage tells.
func (l *Log) Recover() (*Overlay, error) {
	o := &Overlay{l: l, end: TID(l.super.Sequence)}
	if l.Empty() {
		return o, nil
	}
	s, err := l.scan()
	if err != nil {
		return nil, err
	}
	o.end, o.damage = s.end, s.damage
	if o.newest, err = l.collect(s.end); err != nil {
		return nil, err
	}
	if s.revokes {
		if err := l.revoke(s.end, o.newest); err != nil {
			return nil, err
		}
	}
	if o.homes, err = l.checkHomes(o.newest); err != nil {
		return nil, err
	}
	if s.damage == nil {
		err = o.scanFast()
	}
	return o, err
}

// Len is the number of journaled blocks.
func (o *Overlay) Len() int { return len(o.homes) }

// Blocks yields the homes of the journaled blocks in ascending order.
func (o *Overlay) Blocks() iter.Seq[ondisk.Block] {
	return func(yield func(ondisk.Block) bool) {
		for _, b := range o.homes {
			if !yield(b) {
				return
			}
		}
	}
}

// End is the first transaction that was not recovered: the one that was running, or that is damaged.
func (o *Overlay) End() TID { return o.end }

// Damage is the transaction that was committed and cannot be recovered, because a checksum of a descriptor, revoke or commit block
// is wrong; nil for none. The overlay shows the file system as it was before that transaction.
func (o *Overlay) Damage() *ondisk.CorruptError { return o.damage }

// Has reports whether the log holds block b.
func (o *Overlay) Has(b ondisk.Block) bool {
	_, ok := o.newest[b]
	return ok
}

// ReadBlock fills p, one block, with the journaled content of block b; false where the log does not hold b, and p is as it
// was. A copy with a wrong checksum is a *CorruptError.
func (o *Overlay) ReadBlock(b ondisk.Block, p []byte) (bool, error) {
	c, ok := o.newest[b]
	if !ok {
		return false, nil
	}
	return true, o.l.readCopy(b, c, p)
}

// readCopy fills p with the copy c of block b and verifies it.
func (l *Log) readCopy(b ondisk.Block, c copyRef, p []byte) error {
	if err := l.read(c.n, p); err != nil {
		return err
	}
	if l.incomp.Sums() {
		if sum := ondisk.JournalDataCsum(l.incomp, l.seed, uint32(c.tid), p); sum != c.sum {
			return ondisk.Corrupt("journaled block", "transaction %d holds block %d with checksum %#x, want %#x", c.tid, b, c.sum, sum).
				At(ondisk.JournalIno, l.layout.block(c.n))
		}
	}
	if c.escape {
		binary.BigEndian.PutUint32(p, ondisk.JournalMagic)
	}
	return nil
}
