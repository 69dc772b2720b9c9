package ext4

import (
	"syscall"

	"extant/internal/ondisk"
)

// Trim tells the device that what is free in a range of it, all in bytes, is not needed: in pieces of least bytes at least. It returns how many bytes that
// were (FITRIM). What was freed before is durable first. The error is syscall.EINVAL where the range is less than a block or lies behind the end, or where no group
// has a piece of that size, and EOPNOTSUPP where the device cannot discard.
func (fs *FS) Trim(off, length, least uint64) (uint64, error) {
	w, err := fs.enter()
	if err != nil {
		return 0, err
	}
	defer w.leave()
	bits := fs.blockBits
	ratio := uint64(fs.sb.ClusterRatio())
	first, runs := off>>bits, (least>>bits+ratio-1)/ratio
	if runs > uint64(fs.sb.ClustersPerGroup) || first >= fs.blocks || length < uint64(fs.blockSize) {
		return 0, syscall.EINVAL
	}
	end := first + min(length>>bits, fs.blocks-first)
	first = max(first, uint64(fs.sb.FirstDataBlock))
	if end <= first {
		return 0, nil
	}
	if _, err := w.alloc.Retry(); err != nil {
		return 0, fs.judge(err)
	}
	clusters, err := w.alloc.Trim(ondisk.Block(first), ondisk.Block(end), int(runs), w.discard)
	return clusters * uint64(fs.clusterBytes()), fs.judge(err)
}
