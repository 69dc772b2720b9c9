package ext4

import (
	"iter"
	"math"

	"extant/internal/ondisk"
)

// run is a range of file blocks that are all in a hole, or all lie side by side on the device in one state.
type run struct {
	first uint64 // file block
	count uint64 // blocks, at least 1
	start ondisk.Block
	state runState
}

type runState uint8

const (
	hole runState = iota
	unwritten
	written
	cached // in the cache alone, dirty
)

func (r run) end() uint64          { return r.first + r.count }
func (r run) holds(fb uint64) bool { return fb >= r.first && fb < r.end() }

// at is the block on the device of file block fb, which r holds.
func (r run) at(fb uint64) ondisk.Block { return r.start + ondisk.Block(fb-r.first) }

// clip cuts r to the file blocks from first up to end, some of which it holds.
func (r run) clip(first, end uint64) run {
	if first > r.first {
		if r.state != hole {
			r.start = r.at(first)
		}
		r.count -= first - r.first
		r.first = first
	}
	r.count = min(r.count, end-r.first)
	return r
}

// follows reports whether r continues p without a break, in the file and on the device.
func (r run) follows(p run) bool {
	return r.first == p.end() && r.state == p.state && (r.state == hole || r.start == p.start+ondisk.Block(p.count))
}

// runOf returns a run that holds file block fb. It is as long as one node of the inode's tree tells. The maps lock is held.
func (n *Inode) runOf(fb uint64) (run, error) {
	if r := n.last.Load(); r != nil && r.holds(fb) {
		return *r, nil
	}
	r, err := n.findRun(fb)
	if err != nil {
		return run{}, ondisk.Locate(err, n.ino, 0)
	}
	n.last.Store(&r)
	return r, nil
}

func (n *Inode) findRun(fb uint64) (r run, err error) {
	switch {
	case fb >= ondisk.FileBlocksMax:
		return run{first: ondisk.FileBlocksMax, count: math.MaxUint64 - ondisk.FileBlocksMax}, nil
	case n.inline():
		return run{count: ondisk.FileBlocksMax}, nil
	case n.extents():
		r, err = n.extentRun(ondisk.FileBlock(fb))
	default:
		r, err = n.blockMapRun(ondisk.FileBlock(fb))
	}
	if err != nil {
		return run{}, err
	}
	return n.fs.fast.remap(n.ino, r, fb), nil
}

// runs yields the file blocks from first up to end, holes included, as maximal runs, and ends after an error.
//
// A file cannot have more blocks than the file system, nor more pieces than its blocks and the holes between them and in every node
// of its tree. One that seems to is corrupt: blocks that point at each other can make a map of any size out of a small image.
func (n *Inode) runs(first, end uint64) iter.Seq2[run, error] {
	return func(yield func(run, error) bool) {
		var whole run
		for r, err := range n.pieces(first, end) {
			if err == nil && whole.count > 0 && r.follows(whole) {
				whole.count += r.count
				continue
			}
			if whole.count > 0 && !yield(whole, nil) {
				return
			}
			if whole = r; err != nil {
				yield(run{}, err)
				return
			}
		}
		if whole.count > 0 {
			yield(whole, nil)
		}
	}
}

// pieces yields what runs yields, as it comes from the nodes of the tree. It ends after an error.
func (n *Inode) pieces(first, end uint64) iter.Seq2[run, error] {
	return func(yield func(run, error) bool) {
		count, mapped := uint64(0), uint64(0)
		for first < end {
			r, err := n.mapped(first)
			if err == nil {
				r = r.clip(first, end)
				first = r.end()
				count++
				if r.state != hole {
					mapped += r.count
				}
				err = n.checkPieces(count, mapped)
			}
			if !yield(r, err) || err != nil {
				return
			}
		}
	}
}

func (n *Inode) checkPieces(count, mapped uint64) error {
	if mapped > n.fs.blocks || count > 3*n.fs.blocks+64 {
		return n.corrupt("block map", "%d blocks in %d pieces, in a file system of %d", mapped, count, n.fs.blocks)
	}
	return nil
}
