package ondisk_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"extant/internal/ondisk"
)

func TestTimestampKnownValues(t *testing.T) {
	for _, c := range []struct {
		stamp ondisk.Timestamp
		want  string
	}{
		{ondisk.Timestamp{}, "1970-01-01T00:00:00Z"},
		{ondisk.Timestamp{Sec: 0x7FFFFFFF}, "2038-01-19T03:14:07Z"},
		{ondisk.Timestamp{Sec: 0x80000000}, "1901-12-13T20:45:52Z"},
		{ondisk.Timestamp{Sec: 0xFFFFFFFF}, "1969-12-31T23:59:59Z"},
		{ondisk.Timestamp{Sec: 0x80000000, Extra: 1}, "2038-01-19T03:14:08Z"},
		{ondisk.Timestamp{Sec: 0xFFFFFFFF, Extra: 1}, "2106-02-07T06:28:15Z"},
		{ondisk.Timestamp{Sec: 0, Extra: 1}, "2106-02-07T06:28:16Z"},
		{ondisk.Timestamp{Sec: 0x7FFFFFFF, Extra: 3}, "2446-05-10T22:38:55Z"},
		{ondisk.Timestamp{Sec: 1, Extra: 999999999 << 2}, "1970-01-01T00:00:01.999999999Z"},
	} {
		if got := c.stamp.Time().Format(time.RFC3339Nano); got != c.want {
			t.Errorf("%#v is %s, want %s", c.stamp, got, c.want)
		}
		if back := ondisk.MakeTimestamp(c.stamp.Time()); back != c.stamp {
			t.Errorf("%s becomes %#v, want %#v", c.want, back, c.stamp)
		}
	}
}

func TestTimestampRange(t *testing.T) {
	first, last := time.Unix(ondisk.TimeSecMin, 0), time.Unix(ondisk.TimeSecMax, 999999999)
	for _, c := range []struct {
		name     string
		in, want time.Time
	}{
		{"first", first, first},
		{"before the first", first.Add(-1), first},
		{"year 1", time.Time{}, first},
		{"the first, and a little", first.Add(5), first},
		{"before the last", last.Add(-time.Second), last.Add(-time.Second)},
		{"last", last, last.Truncate(time.Second)},
		{"after the last", last.Add(1), last.Truncate(time.Second)},
	} {
		if got := ondisk.MakeTimestamp(c.in).Time(); !got.Equal(c.want) {
			t.Errorf("%s: %v became %v, want %v", c.name, c.in, got, c.want)
		}
	}
}

func TestTimestampShort(t *testing.T) {
	for in, want := range map[int64]uint32{
		0: 0, -1: 0xFFFFFFFF, 1 << 31: 0x7FFFFFFF, 1 << 40: 0x7FFFFFFF, -1 << 31: 0x80000000, -1 << 40: 0x80000000,
	} {
		if got := ondisk.MakeTimestampShort(time.Unix(in, 5)); got != (ondisk.Timestamp{Sec: want}) {
			t.Errorf("%d becomes %#v, want seconds %#x alone", in, got, want)
		}
	}
}

func TestTimestampBadNanoseconds(t *testing.T) {
	got := ondisk.Timestamp{Sec: 7, Extra: ^uint32(0) &^ 3}.Time()
	if want := time.Unix(7, 999999999); !got.Equal(want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestTimestampRoundTrip(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 100000 {
		sec := ondisk.TimeSecMin + r.Int64N(ondisk.TimeSecMax-ondisk.TimeSecMin+1)
		in := time.Unix(sec, r.Int64N(1e9))
		if got := ondisk.MakeTimestamp(in).Time(); !got.Equal(in) {
			t.Fatalf("%v came back as %v", in, got)
		}
	}
}

func TestInodeTimesFollowExtraIsize(t *testing.T) {
	when := time.Unix(1<<33, 123456789)
	short := time.Unix(ondisk.TimeSecMaxShort, 0)
	for _, c := range []struct {
		extra     uint16
		c, m, a   time.Time
		cr        time.Time
		hasCreate bool
	}{
		{0, short, short, short, time.Unix(0, 0), false},
		{8, when, short, short, time.Unix(0, 0), false},
		{12, when, when, short, time.Unix(0, 0), false},
		{16, when, when, when, time.Unix(0, 0), false},
		{20, when, when, when, short, true},
		{32, when, when, when, when, true},
	} {
		n := ondisk.Inode{ExtraIsize: c.extra}
		n.SetAccessed(when)
		n.SetModified(when)
		n.SetChanged(when)
		n.SetCreated(when)
		slot := make([]byte, 256)
		n.Encode(slot)
		var got ondisk.Inode
		if err := got.Decode(slot); err != nil {
			t.Fatal(err)
		}
		cr, ok := got.Created()
		if !got.Changed().Equal(c.c) || !got.Modified().Equal(c.m) || !got.Accessed().Equal(c.a) ||
			!cr.Equal(c.cr) || ok != c.hasCreate {
			t.Errorf("i_extra_isize %d: ctime %v mtime %v atime %v crtime %v %v", c.extra,
				got.Changed(), got.Modified(), got.Accessed(), cr, ok)
		}
	}
}

func TestSuperTimes(t *testing.T) {
	var s ondisk.Super
	for i, set := range []func(time.Time){
		s.SetMounted, s.SetWritten, s.SetMade, s.SetChecked, s.SetFirstErrorSeen, s.SetLastErrorSeen,
	} {
		set(time.Unix(int64(i+1)<<32+int64(i), 999))
	}
	b := make([]byte, ondisk.SuperSize)
	s.Encode(b)
	for i, c := range []struct {
		lo, hi int
		get    func() time.Time
	}{
		{0x2C, 0x275, s.Mounted}, {0x30, 0x274, s.Written}, {0x108, 0x276, s.Made},
		{0x40, 0x277, s.Checked}, {0x198, 0x278, s.FirstErrorSeen}, {0x1CC, 0x279, s.LastErrorSeen},
	} {
		if got, want := c.get(), time.Unix(int64(i+1)<<32+int64(i), 0); !got.Equal(want) {
			t.Errorf("time %d is %v, want %v", i, got, want)
		}
		if b[c.lo] != byte(i) || b[c.hi] != byte(i+1) {
			t.Errorf("time %d is not at %#x and %#x", i, c.lo, c.hi)
		}
	}
	s.SetMounted(time.Unix(-5, 0))
	if s.MTime != 0 || s.MTimeHi != 0 {
		t.Error("a time before 1970 is not clamped")
	}
	s.SetMounted(time.Unix(1<<40, 0))
	if s.MTime != ^uint32(0) || s.MTimeHi != 0xFF {
		t.Error("a time past 40 bits is not clamped")
	}
}
