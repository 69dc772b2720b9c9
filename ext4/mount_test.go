package ext4_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"extant/disk"
	"extant/ext4"
	"extant/internal/ondisk"
)

// editSuper changes the primary super block in an image's bytes and seals it again.
func editSuper(t testing.TB, img []byte, edit func(*ondisk.Super)) {
	t.Helper()
	raw := img[ondisk.SuperOffset:][:ondisk.SuperSize]
	var sb ondisk.Super
	if err := sb.Decode(raw); err != nil {
		t.Fatal(err)
	}
	edit(&sb)
	sb.SetCsum()
	sb.Encode(raw)
}

func mountBytes(img []byte, o ext4.Options) (*ext4.FS, error) {
	return ext4.Mount(disk.NewMemFrom(img), o)
}

// TestFeatureBits mounts with each of the 96 feature bits set in turn.
func TestFeatureBits(t *testing.T) {
	clean := mke2fs(t, "", "8M", "-t ext2 -b 1024").bytes()
	known := []string{"filetype", "needs_recovery", "meta_bg", "extent", "64bit", "mmp", "flex_bg", "ea_inode", "metadata_csum_seed", "large_dir",
		"inline_data", "encrypt", "casefold"}
	for bit := range 32 {
		img := slices.Clone(clean)
		editSuper(t, img, func(sb *ondisk.Super) { sb.FeatureIncompat |= 1 << bit })
		name := ondisk.Incompat(1 << bit).Names()[0]
		_, err := mountBytes(img, ext4.Options{})
		var unsupported *ext4.UnsupportedError
		refused := errors.As(err, &unsupported) && slices.Contains(unsupported.Features, name)
		if want := !slices.Contains(known, name); refused != want && name != "casefold" {
			t.Errorf("incompat %s: refused %v, want %v: %v", name, refused, want, err)
		}
		if name == "casefold" && !refused {
			t.Errorf("casefold in encoding 0: %v", err)
		}
	}
	for bit := range 32 {
		img := slices.Clone(clean)
		editSuper(t, img, func(sb *ondisk.Super) { sb.FeatureCompat |= 1 << bit })
		if _, err := mountBytes(img, ext4.Options{NoLoad: true}); err != nil {
			t.Errorf("compat bit %d: %v", bit, err)
		}
		img = slices.Clone(clean)
		editSuper(t, img, func(sb *ondisk.Super) { sb.FeatureROCompat |= 1 << bit })
		changes := ondisk.ROCompat(1<<bit) == ondisk.ROCompatBigAlloc || ondisk.ROCompat(1<<bit) == ondisk.ROCompatMetadataCsum
		if _, err := mountBytes(img, ext4.Options{}); err != nil && !changes {
			t.Errorf("ro_compat bit %d: %v", bit, err)
		}
	}
}

func TestNotAFileSystem(t *testing.T) {
	for name, img := range map[string][]byte{
		"nothing": nil, "short": make([]byte, 1500), "zeros": make([]byte, 1<<20), "text": []byte(strings.Repeat("text", 10_000)),
	} {
		_, err := mountBytes(img, ext4.Options{})
		var corrupt *ext4.CorruptError
		if !errors.As(err, &corrupt) {
			t.Errorf("%s: %v, want a *CorruptError", name, err)
		}
	}
}

func TestBackupSuperBlock(t *testing.T) {
	p := map[string][]byte{"file": noise(1, 300_000)}
	for _, c := range []struct {
		args  string
		size  string
		block ondisk.Block
	}{
		{"-t ext4 -b 1024", "32M", 8193},
		{"-t ext4 -b 1024", "32M", 24577},
		{"-t ext4 -b 4096", "160M", 32768},
		{"-t ext4 -b 1024 -O meta_bg,^resize_inode", "200M", 8193},
		{"-t ext4 -b 1024 -O bigalloc -C 4096", "64M", 32768},
	} {
		t.Run(fmt.Sprint(c.args, c.block), func(t *testing.T) {
			im := mke2fs(t, sourceOf(t, p), c.size, c.args)
			want := readTree(t, im.mount(ext4.Options{}))
			img := im.bytes()
			clear(img[ondisk.SuperOffset : ondisk.SuperOffset+3*4096])
			if _, err := mountBytes(img, ext4.Options{}); err == nil {
				t.Fatal("mounted without a super block")
			}
			fs, err := mountBytes(img, ext4.Options{SuperBlock: c.block})
			if err != nil {
				t.Fatal(err)
			}
			compareTrees(t, readTree(t, fs), want, nil)
			if _, err := mountBytes(img, ext4.Options{SuperBlock: c.block + 1}); err == nil {
				t.Error("mounted from a block with no super block")
			}
		})
	}
}

func TestTruncatedImage(t *testing.T) {
	content := noise(2, 6<<20)
	im := mke2fs(t, sourceOf(t, map[string][]byte{"far": content}), "16M", "-t ext4 -b 1024 -O ^has_journal")
	img := im.bytes()[:5<<20]
	_, err := mountBytes(img, ext4.Options{})
	var corrupt *ext4.CorruptError
	if !errors.As(err, &corrupt) {
		t.Fatalf("%v, want a *CorruptError", err)
	}
	fs, err := mountBytes(img, ext4.Options{Truncated: true})
	if err != nil {
		t.Fatal(err)
	}
	within, beyond := 0, 0
	b := make([]byte, 1024)
	far := child(t, fs, "far")
	for m, err := range far.Mappings(0) {
		if err != nil {
			t.Fatal(err)
		}
		for off := int64(0); off < m.Len; off += 1024 {
			n, err := far.ReadAt(b, m.Off+off)
			if m.Dev+off+1024 <= int64(len(img)) {
				within++
				if n != 1024 || string(b) != string(content[m.Off+off:][:1024]) {
					t.Fatalf("byte %d, within the device: %d bytes, %v", m.Off+off, n, err)
				}
				continue
			}
			beyond++
			if !errors.As(err, &corrupt) {
				t.Fatalf("byte %d, beyond the device: %v, want a *CorruptError", m.Off+off, err)
			}
		}
	}
	if within == 0 || beyond == 0 {
		t.Errorf("%d blocks within the device, %d beyond: the image does not suit the test", within, beyond)
	}
}

func TestExternalJournal(t *testing.T) {
	img := mke2fs(t, "", "8M", "-t ext4 -b 1024").bytes()
	editSuper(t, img, func(sb *ondisk.Super) { sb.JournalInum, sb.JournalDev = 0, 0x801 })
	if _, err := mountBytes(img, ext4.Options{}); err != nil {
		t.Errorf("with nothing in it: %v", err)
	}
	editSuper(t, img, func(sb *ondisk.Super) { sb.FeatureIncompat |= uint32(ondisk.IncompatNeedsRecovery) })
	_, err := mountBytes(img, ext4.Options{})
	var unsupported *ext4.UnsupportedError
	if !errors.As(err, &unsupported) || !strings.Contains(err.Error(), "NoLoad") {
		t.Errorf("%v, want an *UnsupportedError with the remedy", err)
	}
	if _, err := mountBytes(img, ext4.Options{NoLoad: true}); err != nil {
		t.Errorf("NoLoad: %v", err)
	}
}

func TestDamagedJournal(t *testing.T) {
	im := mke2fs(t, "", "8M", "-t ext4 -b 1024")
	img := im.bytes()
	var start int64
	fs := im.mount(ext4.Options{})
	n, err := fs.SystemInode(ondisk.JournalIno)
	if err != nil {
		t.Fatal(err)
	}
	for m, err := range n.Mappings(0) {
		if err != nil {
			t.Fatal(err)
		}
		start = m.Dev
		break
	}
	img[start] ^= 0xff
	if _, err := mountBytes(img, ext4.Options{}); err != nil {
		t.Errorf("a journal that is not needed keeps the file system from being read: %v", err)
	}
	editSuper(t, img, func(sb *ondisk.Super) { sb.FeatureIncompat |= uint32(ondisk.IncompatNeedsRecovery) })
	_, err = mountBytes(img, ext4.Options{})
	var corrupt *ext4.CorruptError
	if !errors.As(err, &corrupt) || !strings.Contains(err.Error(), "NoLoad") {
		t.Errorf("%v, want a *CorruptError with the remedy", err)
	}
	if _, err := mountBytes(img, ext4.Options{NoLoad: true}); err != nil {
		t.Errorf("NoLoad: %v", err)
	}
}

// TestReservedInodes shows that no name leads to the file system's own inodes, and that tools reach them.
func TestReservedInodes(t *testing.T) {
	fs := mke2fs(t, "", "8M", "-t ext4 -b 1024").mount(ext4.Options{})
	sb := fs.Super()
	for _, ino := range []ondisk.Ino{0, 1, 3, 7, ondisk.JournalIno, 10, ondisk.Ino(sb.InodesCount) + 1, 1<<32 - 1} {
		_, err := fs.Inode(ino)
		var corrupt *ext4.CorruptError
		if !errors.As(err, &corrupt) {
			t.Errorf("inode %d: %v, want a *CorruptError", ino, err)
		}
	}
	for _, ino := range []ondisk.Ino{1, 7, ondisk.JournalIno, 10} {
		if _, err := fs.SystemInode(ino); err != nil {
			t.Errorf("system inode %d: %v", ino, err)
		}
	}
	if _, err := fs.SystemInode(ondisk.Ino(sb.InodesCount) + 1); err == nil {
		t.Error("an inode past the last")
	}
}

func TestContiguous(t *testing.T) {
	files := map[string][]byte{"one": noise(3, 100), "more": noise(4, 40_000), "sparse": append(make([]byte, 1<<20), 1), "empty": nil}
	fs, err := mountBytes(mke2fs(t, sourceOf(t, files), "16M", "-t ext4").bytes(), ext4.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range files {
		n := child(t, fs, name)
		dev, ok := n.Contiguous()
		if want := name == "one" || name == "more"; ok != want {
			t.Errorf("%s: %v, want %v", name, ok, want)
		}
		if !ok {
			continue
		}
		p := make([]byte, (len(content)+fs.BlockSize()-1)&^(fs.BlockSize()-1))
		if err := fs.ReadBlocks(ondisk.Block(dev/int64(fs.BlockSize())), p); err != nil || string(p[:len(content)]) != string(content) {
			t.Errorf("%s: other content at %d, %v", name, dev, err)
		}
	}
}
