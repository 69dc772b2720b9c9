package fsck

import (
	"extant/internal/ondisk"
)

// restoreSuper writes the copy by which the file system was judged in place of the primary.
func (m *mender) restoreSuper(*Finding) error {
	s := m.c.sb
	s.BlockGroupNr = 0
	return m.putSuper(&s)
}

// Usual values, where the disk has none that could be right.
const (
	reservedShare = 20 // of the blocks, one in so many is the super user's
	flexUsual     = 4  // s_log_groups_per_flex
)

// mendFeatures makes features go with each other.
func mendFeatures(s *ondisk.Super) {
	for _, r := range featureRules {
		if r.broken(s) {
			r.mend(s)
		}
	}
}

// mendUUID gives the file system a UUID, the same whenever it is asked to. Checksums that depend on it stay as they are: the seed that the
// old one gave is kept.
func mendUUID(s *ondisk.Super) {
	if s.HasROCompat(ondisk.ROCompatMetadataCsum) && !s.HasIncompat(ondisk.IncompatCsumSeed) {
		s.ChecksumSeed = s.CsumSeed()
		s.FeatureIncompat |= uint32(ondisk.IncompatCsumSeed)
	}
	var b [ondisk.SuperSize]byte
	t := *s
	t.WTime, t.MTime, t.State, t.Checksum = 0, 0, 0, 0
	t.Encode(b[:])
	s.UUID = ondisk.UUIDv5(ondisk.UUID{}, b[:])
}

// mendFuture sets times that have not come yet to now.
func (m *mender) mendFuture(*Finding) error {
	now := m.c.o.Now
	return m.super(func(s *ondisk.Super) {
		if s.Mounted().After(now) {
			s.SetMounted(now)
		}
		if s.Written().After(now) {
			s.SetWritten(now)
		}
	})
}

// moveMMP gives the MMP block a place.
func (m *mender) moveMMP(*Finding) error {
	b, err := m.allocateBlock()
	if err != nil {
		return err
	}
	if err := m.writeMMP(b); err != nil {
		return err
	}
	return m.super(func(s *ondisk.Super) { s.MMPBlock = uint64(b) })
}

// resetMMP makes the MMP block anew: nobody has the file system open.
func (m *mender) resetMMP(f *Finding) error { return m.writeMMP(f.Place.Block) }

func (m *mender) writeMMP(b ondisk.Block) error {
	p := make([]byte, m.c.bs)
	mmp := ondisk.MMP{Magic: ondisk.MMPMagic, Seq: ondisk.MMPSeqClean, CheckInterval: max(m.c.sb.MMPUpdateInterval, ondisk.MMPUpdateInterval)}
	mmp.Encode(p)
	if m.c.csum {
		mmp.Checksum = ondisk.MMPCsum(m.c.seed, p)
		mmp.Encode(p)
	}
	return m.put(b, p)
}

// sealMMP sets the checksum of the MMP block.
func (m *mender) sealMMP(f *Finding) error {
	return m.block(f.Place.Block, func(p []byte) {
		var mmp ondisk.MMP
		if mmp.Decode(p) == nil {
			mmp.Checksum = ondisk.MMPCsum(m.c.seed, p)
			mmp.Encode(p)
		}
	})
}

// updateBackup writes a copy of the super block. The copies of the descriptors after it are left to those that move what they place.
func (m *mender) updateBackup(f *Finding) error {
	s := m.c.sb
	s.BlockGroupNr = uint16(f.Place.Group)
	s.SetCsum()
	var b [ondisk.SuperSize]byte
	s.Encode(b[:])
	_, err := m.d.WriteAt(b[:], int64(f.Place.Block)*int64(m.c.bs))
	return err
}
