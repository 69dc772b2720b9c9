package journal

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"extant/internal/ondisk"
)

// homing is a block to be written home.
type homing struct {
	at   ondisk.Block
	data []byte
}

// makeRoom writes home what the older half of the log has, or waits for the commit that keeps it from being enough.
func (j *Journal) makeRoom() error {
	j.checkpoint.Lock()
	err := j.checkpointLocked(j.room / 2)
	j.checkpoint.Unlock()
	if err != nil {
		j.Abort(err)
		return j.Err()
	}
	j.mu.Lock()
	c, short := j.committing, j.free < j.max && len(j.committed) == 0
	j.mu.Unlock()
	if short && c != nil {
		c.done.Wait()
	}
	return nil
}

// checkpointLocked writes home what the oldest transactions have until free log blocks are want or more, and moves the
// tail of the log past them. When nothing is committed it does nothing.
//
// +checklocks:j.checkpoint
func (j *Journal) checkpointLocked(want int) error {
	old, list := j.oldest(want)
	if len(old) == 0 {
		return nil
	}
	if err := j.writeHome(list, &j.homing); err != nil {
		return err
	}
	if err := j.flush(); err != nil {
		return err
	}
	tail, err := j.moveTail(len(old))
	if err != nil {
		return err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.committed = slices.Delete(j.committed, 0, len(old))
	for _, t := range old {
		j.free += t.size
		for _, e := range t.entries {
			e.b.homing = false
			if e.b.home == e {
				e.b.home = nil
				j.dropIdleLocked(e.b)
			}
		}
	}
	j.stats.Checkpoints++
	j.stats.Home += len(list)
	if length := j.log.end - j.log.super.First; int((j.head+length-tail)%length) != j.room-j.free {
		return errTail
	}
	return nil
}

// errTail is a bug of ours. It is found before anything is written over.
var errTail = errors.New("the log does not start where its oldest transaction does")

// oldest returns the oldest transactions, as many as it takes for want free log blocks, and what they have that is not dead or in
// a newer one as well.
func (j *Journal) oldest(want int) (old []*transaction, list []homing) {
	j.mu.Lock()
	defer j.mu.Unlock()
	n := 0
	for free := j.free; n < len(j.committed) && free < want; n++ {
		free += j.committed[n].size
	}
	old = slices.Clone(j.committed[:n])
	for _, t := range old {
		for _, e := range t.entries {
			if e.b.home == e {
				e.b.homing = true
				list = append(list, homing{e.b.at, e.data})
			}
		}
	}
	return old, list
}

// awaitCheckpoint waits until what a checkpoint is writing has been written.
func (j *Journal) awaitCheckpoint() {
	j.checkpoint.Lock()
	defer j.checkpoint.Unlock()
}

// writeHome writes blocks home in ascending order, those that lie together at once. The bytes go through stage.
func (j *Journal) writeHome(list []homing, stage *[]byte) error {
	slices.SortFunc(list, func(a, b homing) int { return cmp.Compare(a.at, b.at) })
	size := j.c.Cache.BlockSize()
	for len(list) > 0 {
		*stage = (*stage)[:0]
		n := 0
		for n < len(list) && list[n].at == list[0].at+ondisk.Block(n) && (n == 0 || len(*stage)+size <= stageBytes) {
			*stage = append(*stage, list[n].data...)
			n++
		}
		if _, err := j.c.Dev.WriteAt(*stage, int64(list[0].at)*int64(size)); err != nil {
			return fmt.Errorf("writing %d blocks home to block %d: %w", n, list[0].at, err)
		}
		list = list[n:]
	}
	return nil
}

// Flush makes everything durable that handles did which have stopped, writes it home, and empties the log: whoever reads the device then needs no
// recovery. It is for the end of a mount and for a freeze; handles that are open or start meanwhile make the log other
// than empty again when they are committed.
func (j *Journal) Flush() error {
	for {
		if err := j.Force(); err != nil || j.log == nil {
			return err
		}
		empty, err := j.emptyLog()
		if err != nil {
			j.Abort(err)
			return j.Err()
		}
		if empty {
			return nil
		}
	}
}

// emptyLog writes home all that is committed and marks the log empty; false when another transaction has come in between.
func (j *Journal) emptyLog() (bool, error) {
	j.checkpoint.Lock()
	defer j.checkpoint.Unlock()
	if err := j.checkpointLocked(j.room); err != nil {
		return false, err
	}
	return j.markEmpty()
}
