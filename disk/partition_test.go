package disk_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"unicode/utf16"

	"extant/disk"
)

// entry is a partition in the terms of either table.
type entry struct {
	typ         string // a byte, or GUID bytes as they are on disk
	first, last uint64 // sectors
	name        string
}

// mbr builds a boot record with four entries at most: type, start, length.
func mbr(signature uint32, entries ...[3]uint32) []byte {
	b := make([]byte, 512)
	le := binary.LittleEndian
	le.PutUint32(b[440:], signature)
	for i, e := range entries {
		b[446+16*i+4] = byte(e[0])
		le.PutUint32(b[446+16*i+8:], e[1])
		le.PutUint32(b[446+16*i+12:], e[2])
	}
	b[510], b[511] = 0x55, 0xaa
	return b
}

const linuxGUID = "\xaf\x3d\xc6\x0f\x83\x84\x72\x47\x8e\x79\x3d\x69\xd8\x47\x7d\xe4"

// gpt builds a disk of sectors sectors with a protective record and both tables.
func gpt(sectors, sector uint64, entries ...entry) []byte {
	d := make([]byte, sectors*sector)
	copy(d, mbr(0, [3]uint32{0xee, 1, uint32(sectors - 1)}))
	array := make([]byte, 16384)
	le := binary.LittleEndian
	for i, e := range entries {
		b := array[128*i:]
		copy(b, e.typ)
		copy(b[16:], fmt.Sprintf("unique-%09d", i))
		le.PutUint64(b[32:], e.first)
		le.PutUint64(b[40:], e.last)
		for j, u := range utf16.Encode([]rune(e.name)) {
			le.PutUint16(b[56+2*j:], u)
		}
	}
	arraySectors := uint64(len(array)) / sector
	copy(d[2*sector:], array)
	copy(d[(sectors-1-arraySectors)*sector:], array)
	gptHeader(d, sector, 1, sectors-1, 2, array)
	gptHeader(d, sector, sectors-1, 1, sectors-1-arraySectors, array)
	return d
}

func gptHeader(d []byte, sector, at, other, arrayAt uint64, array []byte) {
	h := d[at*sector:][:sector]
	le := binary.LittleEndian
	copy(h, "EFI PART\x00\x00\x01\x00\x5c")
	le.PutUint64(h[24:], at)
	le.PutUint64(h[32:], other)
	le.PutUint64(h[72:], arrayAt)
	le.PutUint32(h[80:], 128)
	le.PutUint32(h[84:], 128)
	le.PutUint32(h[88:], crc32.ChecksumIEEE(array))
	sealGPT(h)
}

// sealGPT makes the checksum of a header right.
func sealGPT(h []byte) {
	clear(h[16:20])
	binary.LittleEndian.PutUint32(h[16:], crc32.ChecksumIEEE(h[:92]))
}

func TestMBR(t *testing.T) {
	d := make([]byte, 4000*512)
	copy(d, mbr(0x1b2c3d4e, [3]uint32{0x83, 10, 20}, [3]uint32{}, [3]uint32{0x0f, 1000, 3000}))
	d[446] = 0x80
	copy(d[1000*512:], mbr(0, [3]uint32{0x82, 2, 8}, [3]uint32{5, 500, 100}))
	copy(d[1500*512:], mbr(0, [3]uint32{0x83, 3, 9}, [3]uint32{5, 200, 100}))
	copy(d[1200*512:], mbr(0, [3]uint32{0x83, 1, 10}))

	got, err := disk.Partitions(disk.NewMemFrom(d))
	want := []disk.Partition{
		{Number: 1, Start: 10 * 512, Size: 20 * 512, Type: "83", UUID: "1b2c3d4e-01", Attributes: 0x80},
		{Number: 3, Start: 1000 * 512, Size: 3000 * 512, Type: "0f", UUID: "1b2c3d4e-03"},
		{Number: 5, Start: 1002 * 512, Size: 8 * 512, Type: "82", UUID: "1b2c3d4e-05"},
		{Number: 6, Start: 1503 * 512, Size: 9 * 512, Type: "83", UUID: "1b2c3d4e-06"},
		{Number: 7, Start: 1201 * 512, Size: 10 * 512, Type: "83", UUID: "1b2c3d4e-07"},
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Fatalf("%+v, %v\nwant %+v", got, err, want)
	}
}

func TestMBRChainThatLoops(t *testing.T) {
	d := make([]byte, 400*512)
	copy(d, mbr(0, [3]uint32{0x83, 1, 9}, [3]uint32{5, 100, 300}))
	copy(d[100*512:], mbr(0, [3]uint32{0x83, 1, 1}, [3]uint32{5, 100, 100}))
	copy(d[200*512:], mbr(0, [3]uint32{0x83, 1, 1}, [3]uint32{5, 100, 100}))
	m := disk.NewMemFrom(d)
	_, err := disk.Partitions(m)
	if te := (*disk.TableError)(nil); !errors.As(err, &te) || te.Scheme != "mbr" {
		t.Fatalf("error %v, want a *TableError", err)
	}
	if _, err := disk.OpenPartition(m, 1); err != nil {
		t.Errorf("the partitions before the loop are lost: %v", err)
	}
}

func TestNoTable(t *testing.T) {
	fat := mbr(0)
	copy(fat[446:], "Press any key to restart, and remove the disk. No system here.")
	for name, d := range map[string][]byte{"nothing": nil, "511 bytes": make([]byte, 511), "zeros": make([]byte, 4096), "fat": fat} {
		if parts, err := disk.Partitions(disk.NewMemFrom(d)); err != disk.ErrNoTable {
			t.Errorf("%s: %v, %v, want ErrNoTable", name, parts, err)
		}
	}
}

func TestGPT(t *testing.T) {
	for _, sector := range []uint64{512, 4096} {
		d := gpt(1000, sector,
			entry{typ: "\x28\x73\x2a\xc1\x1f\xf8\xd2\x11\xba\x4b\x00\xa0\xc9\x3e\xc9\x3b", first: 40, last: 99, name: "EFI"},
			entry{},
			entry{typ: linuxGUID, first: 100, last: 100, name: "wurzel \U0001f333"})
		want := []disk.Partition{
			{Number: 1, Start: 40 * int64(sector), Size: 60 * int64(sector), Type: "C12A7328-F81F-11D2-BA4B-00A0C93EC93B", Name: "EFI", UUID: "71696e75-6575-302d-3030-303030303030"},
			{Number: 3, Start: 100 * int64(sector), Size: int64(sector), Type: disk.TypeLinuxGPT, Name: "wurzel \U0001f333", UUID: "71696e75-6575-302d-3030-303030303032"},
		}
		for name, harm := range map[string]func(){
			"whole":           func() {},
			"primary header":  func() { d[sector+50] ^= 1 },
			"primary zeroed":  func() { clear(d[sector : 2*sector]) },
			"primary entries": func() { d[2*sector+3] ^= 1 },
		} {
			keep := bytes.Clone(d)
			harm()
			got, err := disk.Partitions(disk.NewMemFrom(d))
			if err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("sectors of %d, %s: %+v, %v\nwant %+v", sector, name, got, err, want)
			}
			d = keep
		}
	}
}

// A disk that has grown has its backup where it used to end.
func TestGPTBackupOfGrownDisk(t *testing.T) {
	d := append(gpt(1000, 512, entry{typ: linuxGUID, first: 100, last: 200}), make([]byte, 5000)...)
	d[2*512] ^= 1
	if got, err := disk.Partitions(disk.NewMemFrom(d)); err != nil || len(got) != 1 {
		t.Fatalf("%v, %v", got, err)
	}
}

func TestGPTDamage(t *testing.T) {
	le := binary.LittleEndian
	for name, harm := range map[string]func(h []byte){
		"checksum":          func(h []byte) { h[40] ^= 1 },
		"header size":       func(h []byte) { le.PutUint32(h[12:], 1<<31); sealGPT(h) },
		"own place":         func(h []byte) { le.PutUint64(h[24:], 77); sealGPT(h) },
		"entry size":        func(h []byte) { le.PutUint32(h[84:], 64); sealGPT(h) },
		"entry size odd":    func(h []byte) { le.PutUint32(h[84:], 129); sealGPT(h) },
		"too many entries":  func(h []byte) { le.PutUint32(h[80:], 1<<32-1); sealGPT(h) },
		"too much of both":  func(h []byte) { le.PutUint64(h[80:], 0xfffffff8fffffff8); sealGPT(h) },
		"entries far away":  func(h []byte) { le.PutUint64(h[72:], 1<<40); sealGPT(h) },
		"entries negative":  func(h []byte) { le.PutUint64(h[72:], 1<<63); sealGPT(h) },
		"entries elsewhere": func(h []byte) { le.PutUint64(h[72:], 50); sealGPT(h) },
	} {
		d := gpt(1000, 512, entry{typ: linuxGUID, first: 100, last: 200})
		harm(d[512:1024])
		if got, err := disk.Partitions(disk.NewMemFrom(d)); err != nil || len(got) != 1 {
			t.Errorf("%s: the backup was not used: %v, %v", name, got, err)
		}
		harm(d[999*512:])
		got, err := disk.Partitions(disk.NewMemFrom(d))
		if te := (*disk.TableError)(nil); len(got) != 0 || !errors.As(err, &te) || te.Offset != 512 {
			t.Errorf("%s: %v, %v, want a *TableError at the primary header", name, got, err)
		}
	}
}

func TestGPTEntryThatMakesNoSense(t *testing.T) {
	for _, bad := range []entry{{typ: "x", first: 5, last: 4}, {typ: "x", first: 1, last: 1 << 63}, {typ: "x", first: 1, last: 1<<64 - 1}} {
		d := gpt(1000, 512, bad, entry{typ: linuxGUID, first: 100, last: 200})
		got, err := disk.Partitions(disk.NewMemFrom(d))
		if te := (*disk.TableError)(nil); len(got) != 1 || got[0].Number != 2 || !errors.As(err, &te) {
			t.Errorf("%v, %v, want partition 2 and a *TableError", got, err)
		}
	}
}

func TestOpenPartition(t *testing.T) {
	m := disk.NewMem(1000 * 512)
	table := gpt(1000, 512, entry{typ: linuxGUID, first: 100, last: 101}, entry{typ: "swap", first: 200, last: 300}, entry{typ: "far", first: 900, last: 1500})
	write(t, m, 0, string(table))
	p, err := disk.OpenPartition(m, 1)
	if err != nil || p.Size() != 1024 {
		t.Fatalf("%v, %v", p, err)
	}
	write(t, p, 1019, "hello")
	expect(t, m, 101*512+507, "hello")

	var re *disk.RangeError
	if _, err := disk.OpenPartition(m, 3); !errors.As(err, &re) {
		t.Errorf("partition beyond the end: %v", err)
	}
	_, err = disk.OpenPartition(m, 4)
	if !errors.Is(err, syscall.ENXIO) || !strings.Contains(err.Error(), "no partition 4; there are 1 (0FC63DAF") {
		t.Errorf("no such partition: %v", err)
	}
}

func TestFindPartition(t *testing.T) {
	parts := []disk.Partition{{Number: 1, Type: "0c"}, {Number: 2, Type: "83"}, {Number: 3, Type: "0c"}}
	for _, typ := range []string{"83", "linux", "Linux"} {
		if p, err := disk.FindPartition(parts, typ); err != nil || p.Number != 2 {
			t.Errorf("%s: %v, %v", typ, p, err)
		}
	}
	for typ, want := range map[string]string{
		"0C": "more than one partition of type 0C; there are 1 (0c) 3 (0c): choose one by number",
		"82": "no partition of type 82; there are 1 (0c) 2 (83) 3 (0c)",
	} {
		if _, err := disk.FindPartition(parts, typ); !errors.Is(err, syscall.ENXIO) || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v, want %s", typ, err, want)
		}
	}
}

// TestPartitionsAsSfdisk compares with what sfdisk says of tables it has made.
func TestPartitionsAsSfdisk(t *testing.T) {
	sfdisk := tool(t, "sfdisk")
	for name, script := range map[string]string{
		"mbr": "label: dos\nlabel-id: 0x12345678\nsize=2M,type=c,bootable\nsize=20M,type=5\nsize=1M,type=83\nsize=3M,type=83\nsize=2M,type=82\nsize=4M,type=8e\n",
		"gpt": "label: gpt\nsize=2M,type=U,name=\"EFI system\"\nsize=3M,type=S\nstart=20M,size=4M,type=L,name=\"root\",attrs=\"LegacyBIOSBootable\"\n",
	} {
		path := filepath.Join(t.TempDir(), name+".img")
		f, err := disk.Create(path, 40<<20)
		if err != nil {
			t.Fatal(err)
		}
		f.Close()
		run(t, script, sfdisk, "-q", path)
		want := run(t, "", sfdisk, "-d", path)
		f, err = disk.Open(path, disk.ReadOnly)
		if err != nil {
			t.Fatal(err)
		}
		parts, err := disk.Partitions(f)
		f.Close()
		if got := dump(parts); err != nil || got != sortDump(want, path) {
			t.Errorf("%s: %v\n%s\nwant\n%s\nof\n%s", name, err, got, sortDump(want, path), want)
		}
	}
}

// TestPartitionsOfSgdisk reads a table of another author's tool, after the
// primary was destroyed.
func TestPartitionsOfSgdisk(t *testing.T) {
	sgdisk := tool(t, "sgdisk")
	path := filepath.Join(t.TempDir(), "disk.img")
	f, err := disk.Create(path, 64<<20)
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
	run(t, "", sgdisk, "-n", "1:2048:+1M", "-t", "1:8200", "-n", "5:8192:+2M", "-t", "5:8300", "-c", "5:home", path)
	f, err = disk.Open(path, disk.ReadWrite)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	want, err := disk.Partitions(f)
	if err != nil || len(want) != 2 || want[1].Number != 5 || want[1].Name != "home" || want[1].Start != 8192*512 || want[1].Type != disk.TypeLinuxGPT {
		t.Fatalf("%+v, %v", want, err)
	}
	write(t, f, 512, strings.Repeat("destroyed", 100))
	if got, err := disk.Partitions(f); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("from the backup: %+v, %v\nwant %+v", got, err, want)
	}
}

// dump prints what can be compared with sfdisk -d.
func dump(parts []disk.Partition) string {
	var b strings.Builder
	for _, p := range parts {
		fmt.Fprintf(&b, "%d start %d size %d type %s name %q", p.Number, p.Start/512, p.Size/512, strings.ToLower(strings.TrimLeft(p.Type, "0")), p.Name)
		fmt.Fprintf(&b, " marked %v\n", p.Attributes != 0)
		if p.Name != "" {
			fmt.Fprintln(&b, p.UUID)
		}
	}
	return b.String()
}

// sortDump turns the output of sfdisk -d for path into the form of dump.
func sortDump(s, path string) string {
	var b strings.Builder
	for line := range strings.Lines(s) {
		rest, ok := strings.CutPrefix(line, path)
		if !ok {
			continue
		}
		number, fields, _ := strings.Cut(rest, " : ")
		value := map[string]string{}
		for f := range strings.SplitSeq(strings.TrimSpace(fields), ",") {
			k, v, _ := strings.Cut(strings.TrimSpace(f), "=")
			value[k] = strings.TrimSpace(v)
		}
		_, boot := value["bootable"]
		_, attrs := value["attrs"]
		name := strings.Trim(value["name"], `"`)
		fmt.Fprintf(&b, "%s start %s size %s type %s name %q marked %v\n", number, value["start"], value["size"], strings.ToLower(strings.TrimLeft(value["type"], "0")), name, boot || attrs)
		if name != "" {
			fmt.Fprintln(&b, strings.ToLower(value["uuid"]))
		}
	}
	return b.String()
}

// tool finds a program that the test cannot do without.
func tool(t *testing.T, name string) string {
	t.Helper()
	for _, dir := range []string{"", "/sbin/", "/usr/sbin/"} {
		if path, err := exec.LookPath(dir + name); err == nil {
			return path
		}
	}
	if os.Getenv("CI") == "true" {
		t.Fatalf("%s is not installed", name)
	}
	t.Skipf("%s is not installed", name)
	return ""
}

func run(t *testing.T, stdin string, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Stdin = strings.NewReader(stdin)
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8")
	out, err := cmd.Output()
	if err != nil {
		var ee *exec.ExitError
		if errors.As(err, &ee) {
			out = append(out, ee.Stderr...)
		}
		t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
	return string(out)
}

// counter counts what is read, to see that a table cannot make it much.
type counter struct {
	disk.Device
	bytes int
}

func (c *counter) ReadAt(p []byte, off int64) (int, error) {
	c.bytes += len(p)
	return c.Device.ReadAt(p, off)
}

// resealed makes the checksums of a primary GPT right, so that what is behind
// them is tried too.
func resealed(b []byte) []byte {
	b = bytes.Clone(b)
	le := binary.LittleEndian
	h := b[512:1024]
	at, n := le.Uint64(h[72:]), uint64(le.Uint32(h[80:]))*uint64(le.Uint32(h[84:]))
	if size := uint64(len(b)); at <= size/512 && n <= size-at*512 {
		le.PutUint32(h[88:], crc32.ChecksumIEEE(b[at*512:][:n]))
	}
	copy(h[12:], "\x5c\x00\x00\x00")
	sealGPT(h)
	return b
}

func FuzzPartitions(f *testing.F) {
	f.Add(mbr(1, [3]uint32{0x83, 1, 2}, [3]uint32{5, 1, 300}), false)
	f.Add(append(mbr(1, [3]uint32{0x83, 1, 2}, [3]uint32{5, 1, 300}), mbr(0, [3]uint32{0x83, 1, 1}, [3]uint32{5, 0, 1})...), false)
	f.Add(gpt(80, 512, entry{typ: linuxGUID, first: 40, last: 41, name: "x"}), true)
	f.Add(gpt(20, 4096, entry{typ: linuxGUID, first: 10, last: 1 << 60}), false)
	f.Fuzz(func(t *testing.T, b []byte, seal bool) {
		if seal && len(b) >= 1024 {
			b = resealed(b)
		}
		c := &counter{Device: disk.NewMemFrom(b)}
		parts, err := disk.Partitions(c)
		if c.bytes > 32<<20 {
			t.Fatalf("read %d bytes", c.bytes)
		}
		if err != nil && err != disk.ErrNoTable {
			if te := (*disk.TableError)(nil); !errors.As(err, &te) || te.Offset < 0 {
				t.Fatalf("error %v, want a *TableError", err)
			}
		}
		for i, p := range parts {
			if p.Start < 0 || p.Size < 0 || p.Start+p.Size < 0 || p.Number < 1 || i > 0 && p.Number <= parts[i-1].Number {
				t.Fatalf("%+v", p)
			}
			if d, err := p.Open(c); err == nil && d.Size() != p.Size {
				t.Fatalf("%+v has %d bytes", p, d.Size())
			}
		}
	})
}
