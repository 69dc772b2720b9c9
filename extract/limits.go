package extract

import "extant/sched"

// budget is what is left of the limits.
type budget struct {
	limits Limits // none is 0

	files int64       // of the walk alone
	bytes sched.Int64 // used
}

// takeFile counts one more name.
func (b *budget) takeFile() error {
	if b.files >= b.limits.Files {
		return &LimitError{"files", b.limits.Files}
	}
	b.files++
	return nil
}

// takeBytes counts n more bytes, which are not written yet.
func (b *budget) takeBytes(n int64) error {
	if n > b.limits.Bytes || b.bytes.Add(n) > b.limits.Bytes {
		return &LimitError{"bytes", b.limits.Bytes}
	}
	return nil
}
