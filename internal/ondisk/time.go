package ondisk

import "time"

// Timestamp is a time as an inode keeps it: i_mtime and i_mtime_extra, for instance. Sec is the low 32 bits
// of the seconds since 1970, taken as signed. The low two bits of Extra, the epoch, say how many times 2^32 seconds
// to add; its other thirty bits are nanoseconds. An inode without room for the second word has Extra 0.
type Timestamp struct {
	Sec   uint32
	Extra uint32
}

// The seconds since 1970 that a Timestamp can hold, and the last where it has no second word.
const (
	TimeSecMin      = -1 << 31          // 1901-12-13
	TimeSecMax      = 3<<32 + 1<<31 - 1 // 2446-05-10
	TimeSecMaxShort = 1<<31 - 1         // 2038-01-19
)

const (
	epochBits = 2
	epochMask = 1<<epochBits - 1
	nanoMax   = 999_999_999
)

// MakeTimestamp is the form of t with both words. A time out of range becomes the nearest whole second in range, as in the kernel, which keeps
// nothing but whole seconds of the first and the last.
func MakeTimestamp(t time.Time) Timestamp {
	sec, nano := t.Unix(), t.Nanosecond()
	if sec <= TimeSecMin || sec >= TimeSecMax {
		sec, nano = min(max(sec, TimeSecMin), TimeSecMax), 0
	}
	epoch := uint32((sec-int64(int32(sec)))>>32) & epochMask
	return Timestamp{Sec: uint32(sec), Extra: uint32(nano)<<epochBits | epoch}
}

// MakeTimestampShort is the form of t without the second word: whole seconds, within 32 bits.
func MakeTimestampShort(t time.Time) Timestamp {
	return Timestamp{Sec: uint32(min(max(t.Unix(), TimeSecMin), TimeSecMaxShort))}
}

// Time is the instant, in UTC. Nanoseconds beyond the last of a second, which only damage makes, count as the last one.
func (t Timestamp) Time() time.Time {
	sec := int64(int32(t.Sec)) + int64(t.Extra&epochMask)<<32
	return time.Unix(sec, int64(min(t.Extra>>epochBits, nanoMax))).UTC()
}

// Where in the slot the second words of an inode's times, and its time of creation, end.
const (
	ctimeExtraEnd  = 0x88
	mtimeExtraEnd  = 0x8C
	atimeExtraEnd  = 0x90
	crtimeEnd      = 0x94
	crtimeExtraEnd = 0x98
)

// Accessed is when the file was last read (i_atime).
func (n *Inode) Accessed() time.Time { return Timestamp{n.ATime, n.ATimeExtra}.Time() }

// Modified is when the file's data last changed (i_mtime).
func (n *Inode) Modified() time.Time { return Timestamp{n.MTime, n.MTimeExtra}.Time() }

// Changed is when the inode last changed (i_ctime).
func (n *Inode) Changed() time.Time { return Timestamp{n.CTime, n.CTimeExtra}.Time() }

// Created is when the file was made (i_crtime); false where the inode has no room for it.
func (n *Inode) Created() (time.Time, bool) {
	return Timestamp{n.CrTime, n.CrTimeExtra}.Time(), n.HasExtra(crtimeEnd)
}

// SetAccessed sets i_atime, as finely as ExtraIsize leaves room for.
func (n *Inode) SetAccessed(t time.Time) { n.setTime(&n.ATime, &n.ATimeExtra, atimeExtraEnd, t) }

// SetModified sets i_mtime, as finely as ExtraIsize leaves room for.
func (n *Inode) SetModified(t time.Time) { n.setTime(&n.MTime, &n.MTimeExtra, mtimeExtraEnd, t) }

// SetChanged sets i_ctime, as finely as ExtraIsize leaves room for.
func (n *Inode) SetChanged(t time.Time) { n.setTime(&n.CTime, &n.CTimeExtra, ctimeExtraEnd, t) }

// SetCreated sets i_crtime where ExtraIsize leaves room for it.
func (n *Inode) SetCreated(t time.Time) {
	if n.HasExtra(crtimeEnd) {
		n.setTime(&n.CrTime, &n.CrTimeExtra, crtimeExtraEnd, t)
	}
}

// setTime sets a time whose second word ends at byte end of the slot.
func (n *Inode) setTime(sec, extra *uint32, end int, t time.Time) {
	ts := MakeTimestampShort(t)
	if n.HasExtra(end) {
		ts = MakeTimestamp(t)
	}
	*sec, *extra = ts.Sec, ts.Extra
}

// superSecMax is the last second that a time of the super block can hold: 32 bits and 8 more, unsigned.
const superSecMax = 1<<40 - 1

// Mounted is when the file system was last mounted (s_mtime); the start of 1970 for never.
func (s *Super) Mounted() time.Time { return superTime(s.MTime, s.MTimeHi) }

// Written is when the super block was last written (s_wtime).
func (s *Super) Written() time.Time { return superTime(s.WTime, s.WTimeHi) }

// Made is when the file system was made (s_mkfs_time).
func (s *Super) Made() time.Time { return superTime(s.MkfsTime, s.MkfsTimeHi) }

// Checked is when the file system was last checked (s_lastcheck).
func (s *Super) Checked() time.Time { return superTime(s.LastCheck, s.LastCheckHi) }

// FirstErrorSeen is when damage was first met (s_first_error_time); the start of 1970 for never.
func (s *Super) FirstErrorSeen() time.Time { return superTime(s.FirstErrorTime, s.FirstErrorTimeHi) }

// LastErrorSeen is when damage was last met (s_last_error_time); the start of 1970 for never.
func (s *Super) LastErrorSeen() time.Time { return superTime(s.LastErrorTime, s.LastErrorTimeHi) }

// SetMounted sets s_mtime to the second.
func (s *Super) SetMounted(t time.Time) { s.MTime, s.MTimeHi = splitTime(t) }

// SetWritten sets s_wtime to the second.
func (s *Super) SetWritten(t time.Time) { s.WTime, s.WTimeHi = splitTime(t) }

// SetMade sets s_mkfs_time to the second.
func (s *Super) SetMade(t time.Time) { s.MkfsTime, s.MkfsTimeHi = splitTime(t) }

// SetChecked sets s_lastcheck to the second.
func (s *Super) SetChecked(t time.Time) { s.LastCheck, s.LastCheckHi = splitTime(t) }

// SetFirstErrorSeen sets s_first_error_time to the second.
func (s *Super) SetFirstErrorSeen(t time.Time) {
	s.FirstErrorTime, s.FirstErrorTimeHi = splitTime(t)
}

// SetLastErrorSeen sets s_last_error_time to the second.
func (s *Super) SetLastErrorSeen(t time.Time) { s.LastErrorTime, s.LastErrorTimeHi = splitTime(t) }

func superTime(lo uint32, hi uint8) time.Time {
	return time.Unix(int64(hi)<<32|int64(lo), 0).UTC()
}

// splitTime clamps t to what the super block can hold, as the kernel does.
func splitTime(t time.Time) (lo uint32, hi uint8) {
	sec := min(max(t.Unix(), 0), superSecMax)
	return uint32(sec), uint8(sec >> 32)
}
