package lab

import (
	"extant/explore"
	"extant/sched"
)

// A handle is the journal's lock held shared, a commit holds it exclusively: that is what jbd2's waiting comes to.

// ext4_journal_start opens a handle, or a handle within the one that is open.
func ext4_journal_start(t *task) {
	if t.handles == 0 {
		t.journal.RLock()
	}
	t.handles++
}

func ext4_journal_stop(t *task) {
	explore.Assert(t.handles > 0, "BUG: handle is NULL in ext4_journal_stop")
	t.handles--
	if t.handles == 0 {
		t.journal.RUnlock()
	}
}

// jbd2_journal_commit_transaction makes the running transaction durable, its ordered data first.
func jbd2_journal_commit_transaction(t *task) {
	t.committing.Lock()
	defer t.committing.Unlock()
	t.journal.Lock()
	committing, ordered, alias := t.raw, t.ordered, t.alias
	t.ordered, t.alias = false, aliasedBlock{}
	t.journal.Unlock()
	if ordered {
		t.design.submit_data(t)
	}
	d := &t.device
	d.Lock()
	defer d.Unlock()
	if d.inode != committing {
		sched.Note("commit record")
	}
	d.inode = committing
	if alias.block != 0 {
		d.blocks[alias.block] = alias.data
	}
	if !t.quiet {
		t.crash()
	}
}

// jbd2_journal_submit_inode_data_buffers writes the folio, if it is dirty and mapped, and waits for it. It starts
// no handle, so it maps nothing.
func jbd2_journal_submit_inode_data_buffers(t *task) {
	f := &t.folio
	folio_lock(t)
	f.writeback.WaitUnlocked()
	block := ext4_mapped_block(t)
	if !f.flags.Test(dirty) || block == 0 {
		folio_unlock(t)
		return
	}
	f.writeback.Lock()
	data := folio_clear_dirty_for_io(t)
	folio_unlock(t)
	end_writeback(t, block, data)
}

// ext4_normal_submit_inode_data_buffers is the flush of ordered data as Linux has it: by the worker that writepages uses. If
// that takes the inode's lock, the commit does.
func ext4_normal_submit_inode_data_buffers(t *task) {
	t.inode.iRwsem.Lock()
	jbd2_journal_submit_inode_data_buffers(t)
	t.inode.iRwsem.Unlock()
}

// kjournald2 commits when it is asked to.
func kjournald2(t *task) {
	t.commit.Wait()
	jbd2_journal_commit_transaction(t)
	t.committed.Complete()
}

// jbd2_journal_force_commit_nested asks for a commit and waits for it.
func jbd2_journal_force_commit_nested(t *task) {
	t.commit.Complete()
	t.committed.Wait()
}

// ext4_sync_file is fsync and msync: it writes the folio back and commits.
func ext4_sync_file(t *task) {
	writepages(t)
	t.folio.writeback.WaitUnlocked()
	jbd2_journal_commit_transaction(t)
}
