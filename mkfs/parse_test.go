package mkfs_test

import (
	"os"
	"reflect"
	"strings"
	"testing"

	"extant/mkfs"
)

func TestParseSize(t *testing.T) {
	for _, c := range []struct {
		text string
		unit int64
		want int64 // -1: refused
	}{
		{"100", 1024, 102400}, {"100", 4096, 409600}, {"3s", 1024, 1536}, {"64k", 1, 65536}, {"64K", 1, 65536}, {"1M", 1, 1 << 20},
		{"2g", 1, 2 << 30}, {"16T", 1, 16 << 40}, {"0", 1, 0},
		{"", 1, -1}, {"k", 1, -1}, {"-1", 1, -1}, {"1.5G", 1, -1}, {"1kk", 1, -1}, {"9000000T", 1, -1}, {"1e3", 1, -1}, {"12 M", 1, -1},
	} {
		got, err := mkfs.ParseSize(c.text, c.unit)
		if (err != nil) != (c.want < 0) || err == nil && got != c.want {
			t.Errorf("%q: %d, %v, want %d", c.text, got, err, c.want)
		}
	}
}

func TestParseFeatures(t *testing.T) {
	for _, c := range []struct{ text, set, clear string }{
		{"extents,^64bit", "extent", "64bit"},
		{"^extent,extents", "extent", ""},
		{"has_journal ^has_journal", "", "has_journal"},
		{"quota,none,gdt_csum", "uninit_bg", ""},
		{"Orphan_File", "orphan_file", ""},
		{"", "", ""},
	} {
		e, err := mkfs.ParseFeatures(c.text)
		if err != nil || e.Set.String() != c.set || e.Clear.String() != c.clear || e.None != strings.Contains(c.text, "none") {
			t.Errorf("%q: %+v, %v", c.text, e, err)
		}
	}
	for _, bad := range []string{"nonsense", "^", "needs_recovery", "journal_dev", "FEATURE_C31"} {
		if _, err := mkfs.ParseFeatures(bad); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

func TestParseExtended(t *testing.T) {
	yes, zero, strict, perms := true, uint32(0), uint16(1), uint16(0o1777)
	var got mkfs.Extended
	err := mkfs.ParseExtended("stride=4,stripe-width=8,resize=1G,offset=1M,lazy_itable_init,lazy_journal_init=0,root_owner=1:2,root_perms=1777,"+
		"hash_seed=00010203-0405-0607-0809-0a0b0c0d0e0f,nodiscard,num_backup_sb=0,packed_meta_blocks=1,mmp_update_interval=9,"+
		"encoding=utf8,encoding_flags=strict,quotatype=usrquota:prjquota,orphan_file_size=77,test_fs,desc_size=64", &got)
	want := mkfs.Extended{
		Stride: 4, StripeWidth: 8, Resize: mkfs.Amount{Bytes: 1 << 30}, Offset: 1 << 20, LazyItableInit: &yes,
		RootUID: 1, RootGID: 2, RootMode: &perms, HashSeed: &[16]byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
		NoDiscard: true, BackupSupers: &zero, PackedMetaBlocks: true, MMPUpdateInterval: 9, Encoding: 1, EncodingFlags: &strict,
		Quota: mkfs.QuotaUser | mkfs.QuotaProject, OrphanFileSize: mkfs.Amount{Blocks: 77}, TestFS: true, DescSize: 64,
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v, want %+v", got, err, want)
	}
	var mine mkfs.Extended
	if err := mkfs.ParseExtended("root_owner", &mine); os.Getuid() >= 0 && (err != nil || int(mine.RootUID) != os.Getuid() || int(mine.RootGID) != os.Getgid()) {
		t.Errorf("root_owner: %d:%d, %v", mine.RootUID, mine.RootGID, err)
	}
	for bad, says := range map[string]string{
		"stride": "write stride=...", "stride=x": "not a number", "desc_size=70000": "too large", "nonsense=1": "unknown word",
		"root_owner=1": "0:0", "root_perms=9": "octal", "hash_seed=1": "uuid", "num_backup_sb=3": "0, 1 or 2", "encoding=latin1": "utf8",
		"encoding_flags=loose": "strict", "quotatype=all": "usrquota", "lazy_itable_init=maybe": "0 or 1", "offset=1x": "letters",
	} {
		err := mkfs.ParseExtended(bad, new(mkfs.Extended))
		name, _, _ := strings.Cut(bad, "=")
		if err == nil || !strings.Contains(err.Error(), says) || !strings.HasPrefix(err.Error(), "-E") || !strings.Contains(err.Error(), name) {
			t.Errorf("%q: %v, want %q said of -E %s", bad, err, says, name)
		}
	}
}

func TestParseJournal(t *testing.T) {
	var got mkfs.Journal
	err := mkfs.ParseJournal("size=64,fast_commit_size=256,location=1G", &got)
	if want := (mkfs.Journal{Size: 64 << 20, FastCommitSize: 256 << 10, Location: &mkfs.Amount{Bytes: 1 << 30}}); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v, want %+v", got, err, want)
	}
	if err := mkfs.ParseJournal("device=/dev/sdb", &got); err == nil {
		t.Error("a journal on another device was taken")
	}
}

func TestParseWords(t *testing.T) {
	for _, s := range []string{"ext2", "ext3", "ext4"} {
		if got, err := mkfs.ParseType(s); err != nil || got.String() != s {
			t.Errorf("%s: %v, %v", s, got, err)
		}
	}
	for _, bad := range []error{
		second(mkfs.ParseType("xfs")), second(mkfs.ParseErrors("ignore")), second(mkfs.ParseCreatorOS("BeOS")), second(mkfs.ParseCreatorOS("5")),
	} {
		if bad == nil {
			t.Error("an unknown word was taken")
		}
	}
	if os, err := mkfs.ParseCreatorOS("freebsd"); os != mkfs.OSFreeBSD || err != nil {
		t.Errorf("freebsd: %v, %v", os, err)
	}
}

func second[T any](_ T, err error) error { return err }
