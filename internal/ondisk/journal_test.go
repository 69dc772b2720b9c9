package ondisk_test

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"
	"slices"
	"testing"

	"extant/internal/ondisk"
)

// journalCodec is one journal structure as the properties of all structures see it.
type journalCodec struct {
	name     string
	size     int
	roundOff func(b []byte) error // decodes b and encodes the result over b
	describe func(b []byte) ([]ondisk.Field, error)
	offsets  map[string]int
}

var (
	tagPlain = ondisk.JournalIncompatRevoke
	tagWide  = ondisk.JournalIncompat64Bit
	tagV2    = ondisk.JournalIncompatCsumV2
	tagV2w   = ondisk.JournalIncompatCsumV2 | ondisk.JournalIncompat64Bit
	tagV3    = ondisk.JournalIncompatCsumV3
	tagV3w   = ondisk.JournalIncompatCsumV3 | ondisk.JournalIncompat64Bit
)

type roundTripper interface {
	Decode([]byte) error
	Encode([]byte)
	Describe([]byte) ([]ondisk.Field, error)
}

func codecOf(name string, size int, s roundTripper, offsets map[string]int) journalCodec {
	return journalCodec{name, size, func(b []byte) error {
		if err := s.Decode(b); err != nil {
			return err
		}
		clear(b)
		s.Encode(b)
		return nil
	}, s.Describe, offsets}
}

func codecOfTag(name string, size int, f ondisk.JournalIncompat, offsets map[string]int) journalCodec {
	var t ondisk.JournalTag
	return journalCodec{name, size, func(b []byte) error {
		if err := t.Decode(b, f); err != nil {
			return err
		}
		clear(b)
		t.Encode(b, f)
		return nil
	}, func(b []byte) ([]ondisk.Field, error) { return t.Describe(b, f) }, offsets}
}

// journalCodecs pairs each structure with its size and sample offsets, as the kernel's headers have them.
func journalCodecs() []journalCodec {
	return []journalCodec{
		codecOf("header", 12, &ondisk.JournalHeader{}, map[string]int{"h_magic": 0, "h_blocktype": 4, "h_sequence": 8}),
		codecOf("super", 1024, &ondisk.JournalSuper{}, map[string]int{
			"s_blocksize": 12, "s_maxlen": 16, "s_first": 20, "s_sequence": 24, "s_start": 28, "s_errno": 32,
			"s_feature_compat": 36, "s_feature_incompat": 40, "s_uuid": 48, "s_nr_users": 64, "s_max_trans_data": 76,
			"s_checksum_type": 80, "s_num_fc_blks": 84, "s_head": 88, "s_checksum": 252, "s_users[0]": 256, "s_users[47]": 1008}),
		codecOf("commit", 60, &ondisk.JournalCommitBlock{}, map[string]int{
			"h_chksum_type": 12, "h_chksum[0]": 16, "h_commit_sec": 48, "h_commit_nsec": 56}),
		codecOf("revoke", 16, &ondisk.JournalRevokeHeader{}, map[string]int{"r_count": 12}),
		codecOfTag("tag", 8, tagPlain, map[string]int{"t_checksum": 4, "t_flags": 6}),
		codecOfTag("tag 64bit", 12, tagWide, map[string]int{"t_flags": 6, "t_blocknr_high": 8}),
		codecOfTag("tag v2", 10, tagV2, map[string]int{"t_flags": 6, "t_padding": 8}),
		codecOfTag("tag v2 64bit", 14, tagV2w, map[string]int{"t_blocknr_high": 8, "t_padding": 12}),
		codecOf("tag v3", 16, &ondisk.JournalTag3{}, map[string]int{"t_flags": 4, "t_blocknr_high": 8, "t_checksum": 12}),
		codecOf("fc tl", 4, &ondisk.FastCommitTL{}, map[string]int{"fc_len": 2}),
		codecOf("fc head", 8, &ondisk.FastCommitHead{}, map[string]int{"fc_tid": 4}),
		codecOf("fc tail", 8, &ondisk.FastCommitTail{}, map[string]int{"fc_crc": 4}),
		codecOf("fc add_range", 16, &ondisk.FastCommitAddRange{}, map[string]int{"fc_ex": 4}),
		codecOf("fc del_range", 12, &ondisk.FastCommitDelRange{}, map[string]int{"fc_lblk": 4, "fc_len": 8}),
		codecOf("fc dentry", 8, &ondisk.FastCommitDentry{}, map[string]int{"fc_ino": 4}),
		codecOf("fc inode", 4, &ondisk.FastCommitInode{}, map[string]int{"fc_ino": 0}),
	}
}

func TestJournalStructuresAreLossless(t *testing.T) {
	rnd := rand.NewChaCha8([32]byte{1})
	for _, c := range journalCodecs() {
		for range 50 {
			b := make([]byte, c.size)
			rnd.Read(b)
			want := bytes.Clone(b)
			if err := c.roundOff(b); err != nil {
				t.Fatalf("%s: %v", c.name, err)
			}
			if !bytes.Equal(b, want) {
				t.Fatalf("%s: encoded\n%s want\n%s", c.name, hex.Dump(b), hex.Dump(want))
			}
		}
		if err := c.roundOff(make([]byte, c.size-1)); err == nil {
			t.Errorf("%s: decodes from %d bytes", c.name, c.size-1)
		}
	}
}

func TestJournalStructureOffsets(t *testing.T) {
	for _, c := range journalCodecs() {
		fields, err := c.describe(make([]byte, c.size))
		if err != nil {
			t.Fatal(err)
		}
		at, end := map[string]int{}, 0
		for _, f := range fields {
			if f.Offset != end {
				t.Errorf("%s: %s is at %d, the field before it ends at %d", c.name, f.Name, f.Offset, end)
			}
			at[f.Name], end = f.Offset, f.Offset+f.Size
		}
		if end != c.size {
			t.Errorf("%s: has %d bytes, want %d", c.name, end, c.size)
		}
		for name, want := range c.offsets {
			if got, ok := at[name]; !ok || got != want {
				t.Errorf("%s: %s is at %d (%v), want %d", c.name, name, got, ok, want)
			}
		}
	}
}

func TestJournalIsBigEndian(t *testing.T) {
	b := make([]byte, ondisk.JournalHeaderSize)
	(&ondisk.JournalHeader{Magic: ondisk.JournalMagic, BlockType: 2, Sequence: 7}).Encode(b)
	if got := hex.EncodeToString(b); got != "c03b39980000000200000007" {
		t.Errorf("header is %s", got)
	}
}

func TestJournalTagsOfEveryForm(t *testing.T) {
	for _, f := range []ondisk.JournalIncompat{tagPlain, tagWide, tagV2, tagV2w, tagV3, tagV3w} {
		want := []ondisk.JournalPlace{
			{Block: 0x1234, Checksum: 0xABCD, Flags: 0},
			{Block: 0xFFFFFFFF, Checksum: 1, Flags: ondisk.JournalTagSameUUID | ondisk.JournalTagEscape},
			{Block: 9, Flags: ondisk.JournalTagSameUUID | ondisk.JournalTagLast},
		}
		if f.Has(ondisk.JournalIncompat64Bit) {
			want[0].Block |= 0x77 << 32
		}
		b, off := make([]byte, 1024), ondisk.JournalHeaderSize
		for _, p := range want {
			off += f.PutTag(b[off:], p)
			if p.Flags&ondisk.JournalTagSameUUID == 0 {
				off += copy(b[off:], bytes.Repeat([]byte{0xFF}, 16))
			}
		}
		var got []ondisk.JournalPlace
		for _, p := range f.Tags(b) {
			got = append(got, p)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%v: tags are %+v, want %+v", f, got, want)
		}
	}
}

// TestJournalTagsStopAtTheTail counts the tags of a block in which none is marked last: as many as end before the checksum.
func TestJournalTagsStopAtTheTail(t *testing.T) {
	for f, want := range map[ondisk.JournalIncompat]int{
		tagPlain: (1024 - 12) / 8, tagWide: (1024 - 12) / 12, tagV2: (1024 - 16) / 10, tagV3: (1024 - 16) / 16,
	} {
		b, n := bytes.Repeat([]byte{0xF2}, 1024), 0 // flags 0xF2F2: the same UUID, and not the last
		for range f.Tags(b) {
			n++
		}
		if n != want {
			t.Errorf("%v: %d tags, want %d", f, n, want)
		}
	}
}

func TestJournalRevokes(t *testing.T) {
	for _, f := range []ondisk.JournalIncompat{0, ondisk.JournalIncompat64Bit, tagV3w} {
		b, off := make([]byte, 1024), ondisk.JournalRevokeSize
		want := []ondisk.Block{5, 6, 0x80000000}
		for _, n := range want {
			off += f.PutRevoke(b[off:], n)
		}
		(&ondisk.JournalRevokeHeader{Count: uint32(off)}).Encode(b)
		if got := slices.Collect(f.Revokes(b)); !slices.Equal(got, want) {
			t.Errorf("%v: %v, want %v", f, got, want)
		}
		binary.BigEndian.PutUint32(b[12:], 1<<31)
		if f.CheckRevokes(b) == nil {
			t.Errorf("%v: a count of 2 GiB is accepted", f)
		}
		if n := len(slices.Collect(f.Revokes(b))); n > 1024/4 {
			t.Errorf("%v: %d records in 1024 bytes", f, n)
		}
	}
}

// TestCRC32BE compares with the check value that catalogues give for CRC-32/MPEG-2: this CRC over "123456789".
func TestCRC32BE(t *testing.T) {
	if got := ondisk.CRC32BE(^uint32(0), []byte("123456789")); got != 0x0376E6E7 {
		t.Errorf("CRC is %#x", got)
	}
}

func TestJournalCommitCsumHeadTakesTheRestForZero(t *testing.T) {
	whole := make([]byte, 4096)
	for i := range ondisk.JournalCommitSize {
		whole[i] = byte(i)
	}
	torn := bytes.Clone(whole)
	torn[2000] = 1
	want := ondisk.JournalCommitCsum(7, whole)
	if got := ondisk.JournalCommitCsumHead(7, torn); got != want {
		t.Errorf("checksum of the head is %#x, of the block as written %#x", got, want)
	}
	if ondisk.JournalCommitCsum(7, torn) == want {
		t.Error("the checksum does not depend on the end of the block")
	}
}

func FuzzJournalBlock(f *testing.F) {
	f.Add(make([]byte, 1024), uint32(0))
	f.Add(bytes.Repeat([]byte{0xFF}, 1024), uint32(tagV3w))
	f.Add([]byte{}, uint32(tagV2))
	f.Fuzz(func(t *testing.T, b []byte, features uint32) {
		inc := ondisk.JournalIncompat(features)
		n := 0
		for off := range inc.Tags(b) {
			if n++; off+inc.TagSize() > len(b) {
				t.Fatalf("tag at %d of %d bytes", off, len(b))
			}
		}
		for range inc.Revokes(b) {
			n++
		}
		if n > len(b)/2 {
			t.Fatalf("%d tags and records in %d bytes", n, len(b))
		}
		_ = inc.CheckRevokes(b)
		for _, c := range journalCodecs() {
			if len(b) >= c.size {
				d := bytes.Clone(b[:c.size])
				if err := c.roundOff(d); err != nil || !bytes.Equal(d, b[:c.size]) {
					t.Fatalf("%s: not lossless: %v", c.name, err)
				}
			}
		}
	})
}
