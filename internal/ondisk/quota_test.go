package ondisk_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"extant/internal/ondisk"
)

// readQuota collects the entries of a quota file up to the first error.
func readQuota(file []byte, kind ondisk.QuotaKind) ([]ondisk.QuotaEntry, error) {
	var entries []ondisk.QuotaEntry
	for e, err := range ondisk.QuotaEntries(bytes.NewReader(file), int64(len(file)), kind) {
		if err != nil {
			return entries, err
		}
		entries = append(entries, e)
	}
	return entries, nil
}

func byID(a, b ondisk.QuotaEntry) int { return int(int64(a.ID) - int64(b.ID)) }

func randomEntries(rnd *rand.Rand, n int) []ondisk.QuotaEntry {
	ids := map[uint32]bool{0: true, 1<<32 - 1: true}
	for len(ids) < n {
		ids[rnd.Uint32()>>(rnd.UintN(33))] = true
	}
	var entries []ondisk.QuotaEntry
	for id := range ids {
		entries = append(entries, ondisk.QuotaEntry{
			ID: id, InodesHard: rnd.Uint64(), InodesSoft: rnd.Uint64(), Inodes: rnd.Uint64(), BlocksHard: rnd.Uint64(),
			BlocksSoft: rnd.Uint64(), Space: rnd.Uint64(), BlockTime: rnd.Uint64(), InodeTime: rnd.Uint64(),
		})
	}
	return entries
}

func TestQuotaFileComesBack(t *testing.T) {
	rnd := rand.New(rand.NewPCG(9, 10))
	for _, n := range []int{2, 14, 15, 28, 300, 3000} {
		entries := randomEntries(rnd, n)
		file := ondisk.QuotaFile(ondisk.QuotaGroup, entries)
		rnd.Shuffle(n, func(i, j int) { entries[i], entries[j] = entries[j], entries[i] })
		if !bytes.Equal(file, ondisk.QuotaFile(ondisk.QuotaGroup, entries)) {
			t.Errorf("%d entries: the order decides the bytes", n)
		}
		got, err := readQuota(file, ondisk.QuotaGroup)
		if err != nil {
			t.Fatal(err)
		}
		slices.SortFunc(entries, byID)
		if !slices.Equal(got, entries) {
			t.Errorf("%d entries came back as %d others", n, len(got))
		}
	}
}

func TestQuotaFileEmpty(t *testing.T) {
	file := ondisk.QuotaFile(ondisk.QuotaUser, nil)
	got, err := readQuota(file, ondisk.QuotaUser)
	if err != nil || len(got) != 0 || len(file) != 2048 {
		t.Errorf("%d bytes, entries %v, %v", len(file), got, err)
	}
}

func TestQuotaIDZeroWithoutUse(t *testing.T) {
	file := ondisk.QuotaFile(ondisk.QuotaUser, []ondisk.QuotaEntry{{}})
	got, err := readQuota(file, ondisk.QuotaUser)
	if err != nil || len(got) != 1 || got[0] != (ondisk.QuotaEntry{}) {
		t.Errorf("entries %v, %v", got, err)
	}
}

func TestQuotaEntriesStops(t *testing.T) {
	file := ondisk.QuotaFile(ondisk.QuotaUser, []ondisk.QuotaEntry{{ID: 1}, {ID: 2}, {ID: 1 << 30}})
	for e := range ondisk.QuotaEntries(bytes.NewReader(file), int64(len(file)), ondisk.QuotaUser) {
		if e.ID != 1 {
			t.Fatalf("id %d", e.ID)
		}
		break
	}
}

// TestQuotaDamage damages a file with the single id 0x01020304: root, index blocks 2, 3 and 4, leaf 5.
func TestQuotaDamage(t *testing.T) {
	le := binary.LittleEndian
	for _, c := range []struct {
		name   string
		damage func(b []byte) []byte
		want   string
	}{
		{"magic", func(b []byte) []byte { b[0]++; return b }, "magic"},
		{"no tree", func(b []byte) []byte { le.PutUint32(b[20:], 1); return b }, "no room for a tree"},
		{"no bytes", func([]byte) []byte { return nil }, "no room for a tree"},
		{"loop", func(b []byte) []byte { le.PutUint32(b[3*1024+4*3:], 2); return b }, "two parents"},
		{"to the root", func(b []byte) []byte { le.PutUint32(b[2*1024+4*2:], 1); return b }, "refers to block 1 of 6"},
		{"past the end", func(b []byte) []byte { le.PutUint32(b[4*1024+4*4:], 6); return b }, "refers to block 6 of 6"},
		{"cut", func(b []byte) []byte { return b[:5*1024] }, "refers to block 5 of 5"},
		{"another id", func(b []byte) []byte { b[5*1024+16]++; return b }, "no entry of id 16909060"},
		{"reference to nothing", func(b []byte) []byte { le.PutUint32(b[4*1024+4*5:], 5); return b }, "no entry of id 16909061"},
	} {
		file := c.damage(ondisk.QuotaFile(ondisk.QuotaUser, []ondisk.QuotaEntry{{ID: 0x01020304}}))
		_, err := readQuota(file, ondisk.QuotaUser)
		t.Run(c.name, func(t *testing.T) { wantCorrupt(t, err, c.want) })
	}
}

func TestQuotaVersion(t *testing.T) {
	file := ondisk.QuotaFile(ondisk.QuotaUser, nil)
	file[4] = 0
	var u *ondisk.UnsupportedError
	if _, err := readQuota(file, ondisk.QuotaUser); !errors.As(err, &u) {
		t.Errorf("error %v", err)
	}
}

// brokenFile fails after some reads.
type brokenFile struct {
	io.ReaderAt
	left int
}

func (f *brokenFile) ReadAt(b []byte, off int64) (int, error) {
	if f.left--; f.left < 0 {
		return 0, errBroken
	}
	return f.ReaderAt.ReadAt(b, off)
}

var errBroken = errors.New("broken")

func TestQuotaReadErrors(t *testing.T) {
	file := ondisk.QuotaFile(ondisk.QuotaUser, []ondisk.QuotaEntry{{ID: 0x01020304}})
	for n := range 6 {
		broken := &brokenFile{bytes.NewReader(file), n}
		seen := 0
		for _, err := range ondisk.QuotaEntries(broken, int64(len(file)), ondisk.QuotaUser) {
			if seen++; !errors.Is(err, errBroken) {
				t.Errorf("after %d reads: %v", n, err)
			}
		}
		if seen != 1 {
			t.Errorf("after %d reads: %d results", n, seen)
		}
	}
}

// TestQuotaFileOfTune2fs compares with the file that tune2fs makes of the same use, byte for byte, and has debugfs list it.
func TestQuotaFileOfTune2fs(t *testing.T) {
	image := mke2fs(t, "-O", "^quota")
	var script strings.Builder
	for i := range 60 {
		id := strconv.FormatUint(uint64(uint32(i*i*i*i*700)), 10)
		name := "f" + strconv.Itoa(i)
		script.WriteString("write /dev/null " + name + "\nsif " + name + " uid " + id + "\nsif " + name + " gid 7\n")
	}
	runScript(t, image, script.String())
	tool(t, "tune2fs", "-O", "quota", image)
	for kind, file := range map[ondisk.QuotaKind]string{ondisk.QuotaUser: "<3>", ondisk.QuotaGroup: "<4>"} {
		want := dumpFile(t, image, file)
		entries, err := readQuota(want, kind)
		if err != nil {
			t.Fatal(err)
		}
		if kind == ondisk.QuotaUser && len(entries) != 60 || kind == ondisk.QuotaGroup && len(entries) != 2 {
			t.Errorf("%s: %d entries", kind, len(entries))
		}
		if got := ondisk.QuotaFile(kind, entries); !bytes.Equal(got, want) {
			t.Errorf("%s: %d bytes differ from the %d of tune2fs", kind, len(got), len(want))
		}
	}
}

func FuzzQuotaEntries(f *testing.F) {
	f.Add(ondisk.QuotaFile(ondisk.QuotaUser, nil))
	f.Add(ondisk.QuotaFile(ondisk.QuotaUser, []ondisk.QuotaEntry{{}, {ID: 5}, {ID: 0x01020304}}))
	f.Fuzz(func(t *testing.T, file []byte) {
		entries, err := readQuota(file, ondisk.QuotaUser)
		if !slices.IsSortedFunc(entries, byID) {
			t.Error("ids out of order")
		}
		if len(entries) > len(file)/4 {
			t.Errorf("%d entries in %d bytes", len(entries), len(file))
		}
		if err != nil {
			return
		}
		again, err := readQuota(ondisk.QuotaFile(ondisk.QuotaUser, entries), ondisk.QuotaUser)
		if err != nil || !slices.Equal(again, entries) {
			t.Errorf("rebuilt: %v", err)
		}
	})
}
