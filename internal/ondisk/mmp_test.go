package ondisk_test

import (
	"testing"

	"extant/internal/ondisk"
)

func TestMMPCheck(t *testing.T) {
	m := ondisk.MMP{Magic: ondisk.MMPMagic}
	if err := m.Check(); err != nil {
		t.Error(err)
	}
	m.Magic++
	wantCorrupt(t, m.Check(), "magic 0x4d4d51")
}

func TestMMPNextSeq(t *testing.T) {
	for seq, want := range map[uint32]uint32{
		1: 2, ondisk.MMPSeqMax - 1: ondisk.MMPSeqMax, ondisk.MMPSeqMax: 1, ondisk.MMPSeqClean: 1, ondisk.MMPSeqFsck: 1,
	} {
		if got := ondisk.NextSeq(seq); got != want {
			t.Errorf("after %#x comes %#x, want %#x", seq, got, want)
		}
	}
}
