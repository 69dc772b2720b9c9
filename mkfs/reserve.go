package mkfs

import (
	"extant/internal/ondisk"
)

// planReserve settles what only the super user may use (s_r_blocks_count).
func (g *Geometry) planReserve(int64) error {
	percent := 5.0
	if p := g.opts.ReservedPercent; p != nil {
		percent = *p
	}
	if !(percent >= 0 && percent <= 50) {
		return invalid("-m", "%g percent: give 0 to 50", percent)
	}
	g.Super.SetBlocksReserved(uint64(percent * float64(g.Blocks) / 100))
	return nil
}

// backupSupers is how many backups sparse_super2 shall keep.
func (g *Geometry) backupSupers() uint32 {
	if n := g.opts.Extended.BackupSupers; n != nil {
		return *n
	}
	return 2
}

// planBackups settles the groups that sparse_super2 keeps backups in: the second and the last (s_backup_bgs).
func (g *Geometry) planBackups(int64) error {
	n := g.backupSupers()
	switch {
	case n > 2:
		return invalid("-E num_backup_sb", "%d: give 0, 1 or 2", n)
	case !g.has(sparseSuper2) && g.opts.Extended.BackupSupers != nil:
		return invalid("-E num_backup_sb", "only sparse_super2 has a number of backups; add -O sparse_super2")
	case !g.has(sparseSuper2):
		return nil
	}
	if n > 0 && g.Groups > 1 {
		g.Super.BackupBGs[0] = 1
	}
	if n > 1 && g.Groups > 2 {
		g.Super.BackupBGs[1] = uint32(g.Groups - 1)
	}
	return nil
}

// Bounds of a journal in blocks.
const (
	journalBlocksMin = 1024
	journalBlocksMax = 10240000
	fastCommitShare  = 64 // the fast-commit area is this part of the journal
)

// journalBlocksFor is the size of journal that a file system of n blocks gets; 0 where it is too small for one.
func journalBlocksFor(n uint64) uint64 {
	const k = 1024
	for _, step := range []struct{ below, journal uint64 }{
		{2 * k, 0}, {32 * k, 1 * k}, {256 * k, 4 * k}, {512 * k, 8 * k}, {4096 * k, 16 * k}, {8192 * k, 32 * k},
		{16384 * k, 64 * k}, {32768 * k, 128 * k},
	} {
		if n < step.below {
			return step.journal
		}
	}
	return 256 * k
}

// planJournal settles the size of the journal. A file system too small for one goes without, unless it was asked for.
func (g *Geometry) planJournal(int64) error {
	j, bs := g.opts.Journal, int64(g.BlockSize)
	if !g.has(hasJournal) {
		if j != (Journal{}) {
			return invalid("-J", "there is no journal; add -O has_journal")
		}
		return nil
	}
	if j.FastCommitSize != 0 && !g.has(fastCommit) {
		return invalid("-J fast_commit_size", "there are no fast commits; add -O fast_commit")
	}
	n := journalBlocksFor(g.Blocks)
	if j.Size != 0 {
		n = uint64(j.Size / bs)
		if n < journalBlocksMin || n > journalBlocksMax || j.Size < 0 {
			return invalid("-J size", "%d blocks: give %d to %d, and at most half the file system", j.Size/bs, journalBlocksMin, journalBlocksMax)
		}
	}
	if n == 0 {
		return g.withoutJournal()
	}
	if g.has(fastCommit) {
		g.FastCommitBlocks = max(n/fastCommitShare, 1)
		if j.FastCommitSize != 0 {
			g.FastCommitBlocks = uint64(j.FastCommitSize / bs)
		}
	}
	g.JournalBlocks = n + g.FastCommitBlocks
	if g.JournalBlocks > journalBlocksMax || g.JournalBlocks > g.Blocks/2 {
		return invalid("-J size", "a journal of %d blocks is more than half of %d; give less", g.JournalBlocks, g.Blocks)
	}
	return nil
}

func (g *Geometry) withoutJournal() error {
	for _, f := range []Features{orphanFile, fastCommit, hasJournal} {
		if err := g.drop(f, "the file system is too small for a journal"); err != nil {
			return err
		}
	}
	return nil
}

// orphanBlocksFor is the size of the orphan file of a file system of n blocks.
func orphanBlocksFor(n uint64) uint64 { return min(max(n/4096, 32), 512) }

// orphanBlocksMax bounds the orphan file; the kernel refuses more.
const orphanBlocksMax = 512 << 10

func (g *Geometry) planOrphans(int64) error {
	size := g.opts.Extended.OrphanFileSize
	switch {
	case !g.has(orphanFile):
		if size != (Amount{}) {
			return invalid("-E orphan_file_size", "there is no orphan file; add -O orphan_file")
		}
		return nil
	case size == Amount{}:
		g.OrphanBlocks = orphanBlocksFor(g.Blocks)
		return nil
	}
	g.OrphanBlocks = size.in(g.BlockSize)
	if g.OrphanBlocks > orphanBlocksMax {
		return invalid("-E orphan_file_size", "%d blocks: give at most %d", g.OrphanBlocks, orphanBlocksMax)
	}
	return nil
}

func (g *Geometry) planQuota(int64) error {
	kinds := g.opts.Extended.Quota
	if !g.has(quota) {
		if kinds != 0 {
			return invalid("-E quotatype", "there is no quota; add -O quota")
		}
		return nil
	}
	if kinds == 0 {
		kinds = QuotaUser | QuotaGroup
	}
	if g.has(project) {
		kinds |= QuotaProject
	}
	if kinds&QuotaProject != 0 && int(g.Super.InodeSize) == ondisk.InodeSizeMin {
		return invalid("-E quotatype", "128-byte inodes have no room for a project; give -I 256")
	}
	g.Quota = kinds
	return nil
}
