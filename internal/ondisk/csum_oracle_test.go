package ondisk_test

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"extant/internal/ondisk"
)

// imageSuper returns an image's bytes and super block.
func imageSuper(t *testing.T, image string) ([]byte, ondisk.Super) {
	t.Helper()
	b, err := os.ReadFile(image)
	if err != nil {
		t.Fatal(err)
	}
	var s ondisk.Super
	if err := s.Decode(b[ondisk.SuperOffset:]); err != nil {
		t.Fatal(err)
	}
	return b, s
}

func TestMMPBlockOfMke2fs(t *testing.T) {
	b, s := imageSuper(t, mke2fs(t, "-O", "mmp,metadata_csum"))
	b = b[int(s.MMPBlock)*s.BlockSize():]
	var m ondisk.MMP
	if err := m.Decode(b); err != nil {
		t.Fatal(err)
	}
	if err := m.Check(); err != nil || m.Seq != ondisk.MMPSeqClean || m.CheckInterval != ondisk.MMPCheckIntervalMin {
		t.Errorf("magic %#x, sequence %#x, interval %d: %v", m.Magic, m.Seq, m.CheckInterval, err)
	}
	if got := ondisk.MMPCsum(s.CsumSeed(), b); got != m.Checksum {
		t.Errorf("checksum %#x, want %#x", got, m.Checksum)
	}
}

func TestOrphanFileOfMke2fs(t *testing.T) {
	image := mke2fs(t, "-O", "orphan_file,metadata_csum")
	b, s := imageSuper(t, image)
	file := fmt.Sprintf("<%d>", s.OrphanFileInum)
	seed := ondisk.InodeSeed(s.CsumSeed(), ondisk.Ino(s.OrphanFileInum), generation(t, image, file))
	blocks := strings.Fields(tool(t, "debugfs", "-R", "blocks "+file, image))
	checked := 0
	for _, word := range blocks {
		n, err := strconv.ParseUint(word, 10, 32)
		if err != nil {
			continue // the banner
		}
		block := ondisk.OrphanBlock(b[n*1024 : (n+1)*1024])
		if err := block.Check(); err != nil {
			t.Fatal(err)
		}
		var tail ondisk.OrphanTail
		if err := tail.Decode(block.TailBytes()); err != nil {
			t.Fatal(err)
		}
		if got := block.Csum(seed, ondisk.Block(n)); got != tail.Checksum {
			t.Errorf("block %d: checksum %#x, want %#x", n, got, tail.Checksum)
		}
		checked++
	}
	if checked == 0 {
		t.Errorf("no blocks in %q", blocks)
	}
}

// generation is i_generation of a file as debugfs prints it.
func generation(t *testing.T, image, file string) uint32 {
	t.Helper()
	_, rest, ok := strings.Cut(tool(t, "debugfs", "-R", "stat "+file, image), "Generation:")
	fields := strings.Fields(rest)
	if !ok || len(fields) == 0 {
		t.Fatalf("no generation of %s", file)
	}
	g, err := strconv.ParseUint(fields[0], 10, 32)
	if err != nil {
		t.Fatal(err)
	}
	return uint32(g)
}
