package mkfs_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"extant/disk"
	"extant/mkfs"
	"extant/mkfs/internal/tarscan"
)

// pack makes an archive of lines: a kind (d, f, l, h, c, p or s), a name, and what it holds or leads to.
func pack(t testing.TB, lines ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, line := range lines {
		word := strings.SplitN(line, " ", 3)
		word = append(word, "", "")
		h := &tar.Header{Name: word[1], Mode: 0o640, ModTime: time.Unix(1000, 0), Format: tar.FormatPAX}
		content := ""
		switch word[0] {
		case "d":
			h.Typeflag, h.Mode = tar.TypeDir, 0o750
		case "f":
			h.Typeflag, content = tar.TypeReg, word[2]
		case "l":
			h.Typeflag, h.Linkname = tar.TypeSymlink, word[2]
		case "h":
			h.Typeflag, h.Linkname = tar.TypeLink, word[2]
		case "c":
			h.Typeflag, h.Devmajor, h.Devminor = tar.TypeChar, 1, 3
		case "p":
			h.Typeflag = tar.TypeFifo
		default:
			h.Typeflag, content = word[0][0], word[2]
		}
		h.Size = int64(len(content))
		if err := w.WriteHeader(h); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if _, err := w.Write([]byte(content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// brief says of each path no more than its type and where it leads, how many bytes it has, or which path is its first name.
func brief(m manifest) []string {
	var out []string
	for p, line := range m {
		word := strings.Fields(line)
		switch mode := word[0]; {
		case p == "" || p == "lost+found":
			continue
		case strings.HasPrefix(mode, "4"):
			p = "d " + p
		case strings.HasPrefix(mode, "12"):
			p = "l " + p + " " + strings.Trim(word[4], `"`)
		case strings.HasPrefix(mode, "10") && len(mode) == 6:
			p = "f " + p + " " + word[3]
		default:
			p = mode[:1] + " " + p
		}
		if i := slices.Index(word, "links"); i > 0 && word[i+1] != "1" {
			p += " = " + word[i+3]
		}
		out = append(out, p)
	}
	slices.Sort(out)
	return out
}

func TestTarMeaning(t *testing.T) {
	needTool(t, "e2fsck")
	long := strings.Repeat("n", 256)
	for name, c := range map[string]struct {
		entries, want, warnings []string
	}{
		"the last of a name counts": {
			[]string{"f a 1", "f a 22", "l b x", "f b 333", "f c 1", "l c y"},
			[]string{"f a 2", "f b 3", "l c y"}, nil,
		},
		"a directory comes twice": {
			[]string{"d a", "f a/b 1", "d a", "f a/c 1"},
			[]string{"d a", "f a/b 1", "f a/c 1"}, nil,
		},
		"an empty directory may be replaced": {[]string{"d a", "f a 1"}, []string{"f a 1"}, nil},
		"one that is not empty may not": {
			[]string{"d a", "f a/b 1", "f a 1"}, []string{"d a", "f a/b 1"},
			[]string{"a: left out: a directory of that name is not empty"},
		},
		"a file gives way to a directory": {[]string{"f a 1", "d a", "f a/b 1"}, []string{"d a", "f a/b 1"}, nil},
		"missing parents":                 {[]string{"f a/b/c 1"}, []string{"d a", "d a/b", "f a/b/c 1"}, nil},
		"a file in the way": {
			[]string{"f a 1", "f a/b 1"}, []string{"f a 1"},
			[]string{"a/b: left out: what lies above it is not a directory"},
		},
		"hard links": {
			[]string{"f a 1", "h b a", "h c ./b", "l s x", "h s2 s", "c n", "h n2 n"},
			[]string{"2 n = n", "2 n2 = n", "f a 1 = a", "f b 1 = a", "f c 1 = a", "l s x = s", "l s2 x = s"}, nil,
		},
		"a hard link before its target": {
			[]string{"h b a", "h c b", "f a 1"}, []string{"f a 1 = a", "f b 1 = a", "f c 1 = a"}, nil,
		},
		"a hard link keeps what is replaced": {
			[]string{"f a 1", "h b a", "f a 22"}, []string{"f a 2", "f b 1"}, nil,
		},
		"a hard link to itself": {[]string{"f a 1", "h a a"}, []string{"f a 1"}, nil},
		"a hard link to nothing": {
			[]string{"h b a"}, nil, []string{"b: left out: a hard link to a: which is not in the archive"},
		},
		"a hard link to a directory": {
			[]string{"d a", "h b a"}, []string{"d a"}, []string{"b: left out: a hard link to a: that is a directory"},
		},
		"links that chase each other": {
			[]string{"h a b", "h b a"}, nil, []string{
				"a: left out: a hard link to b: which is not in the archive",
				"b: left out: a hard link to a: which is not in the archive",
			},
		},
		"below a symlink": {
			[]string{"d usr", "d usr/lib", "l lib usr/lib", "f lib/x 1", "h y lib/x", "l /abs /usr", "f abs/z 1"},
			[]string{"d usr", "d usr/lib", "f usr/lib/x 1 = usr/lib/x", "f usr/z 1", "f y 1 = usr/lib/x", "l abs /usr", "l lib usr/lib"},
			[]string{"leading / removed from names in the archive"},
		},
		"below a symlink that leaves": {
			[]string{"l out ../../../etc", "f out/x 1"}, []string{"d etc", "f etc/x 1", "l out ../../../etc"}, nil,
		},
		"below a symlink to itself": {
			[]string{"l a a", "f a/x 1"}, []string{"l a a"}, []string{"a/x: left out: too many levels of symbolic links"},
		},
		"below symlinks that grow": {
			[]string{"l a a/a/a/a", "f a/x 1"}, []string{"l a a/a/a/a"},
			[]string{"a/x: left out: too many levels of symbolic links"},
		},
		"dots": {
			[]string{"f ../a 1", "f b/../c 1", "f ./d 1", "f e/./f 1", "h g ../d", "d .", "f . 1"},
			[]string{"d e", "f d 1", "f e/f 1"},
			[]string{
				".: left out: it would replace the root directory",
				"../a: left out: its name has .. in it",
				"b/../c: left out: its name has .. in it",
				"g: left out: a hard link to ../d: its name has .. in it",
			},
		},
		"absolute names": {[]string{"f //a 1", "f /b/c 1"}, []string{"d b", "f a 1", "f b/c 1"},
			[]string{"leading / removed from names in the archive"}},
		"long names": {
			[]string{"f " + long + " 1", "f " + long[:255] + " 1", "f " + strings.Repeat("d/", 2048) + "x 1"},
			[]string{"f " + long[:255] + " 1"},
			[]string{
				strings.Repeat("d/", 128) + "...: left out: its path has more than 4095 bytes",
				long + ": left out: a name of more than 255 bytes",
			},
		},
		"lost+found": {[]string{"d lost+found", "f lost+found/x 1"}, []string{"f lost+found/x 1"}, nil},
		"an unknown type": {[]string{"f a 1", "B b 22"}, []string{"f a 1", "f b 2"},
			[]string{"b: of unknown type 'B', taken for a regular file"}},
	} {
		t.Run(name, func(t *testing.T) {
			archive := pack(t, c.entries...)
			path, r := fill(t, mkfs.Tar(bytes.NewReader(archive)), 0, options(t, ""), mkfs.FillOptions{})
			if got := brief(imageManifest(t, path)); !slices.Equal(got, c.want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(c.want, "\n"))
			}
			var said []string
			for _, w := range r.Warnings {
				said = append(said, w.String())
			}
			if !slices.Equal(said, c.warnings) {
				t.Errorf("said\n%s\nwant\n%s", strings.Join(said, "\n"), strings.Join(c.warnings, "\n"))
			}
		})
	}
}

// TestTarRootAndTimes keeps the attributes of the root, and knows the moment of the build where there are none.
func TestTarRootAndTimes(t *testing.T) {
	needTool(t, "e2fsck")
	o := options(t, "")
	path, _ := fill(t, mkfs.Tar(bytes.NewReader(pack(t, "d ./", "f a/b 1"))), 0, o, mkfs.FillOptions{})
	m := imageManifest(t, path)
	if m[""] != "40750 0:0 1000.000000000" || m["a"] != "40755 0:0 1000.000000000" {
		t.Errorf("root %q, missing parent %q", m[""], m["a"])
	}
	path, _ = fill(t, mkfs.Tar(bytes.NewReader(pack(t, "f b 1"))), 0, o, mkfs.FillOptions{})
	if m, want := imageManifest(t, path), fmt.Sprintf("40755 0:0 %d.000000000", o.Now.Unix()); m[""] != want {
		t.Errorf("root %q, want %q", m[""], want)
	}
}

func TestTarXattrs(t *testing.T) {
	needTool(t, "e2fsck")
	records := map[string]string{
		"SCHILY.xattr.user.raw":            "a\x00b",
		"LIBARCHIVE.xattr.user.odd%20name": "dmFsdWU",
		"RHT.security.selinux":             "system_u:object_r:etc_t:s0",
		"SCHILY.acl.access":                "user::rw-,user:bin:r--,group::r--,mask::r--,other::---",
		"SCHILY.acl.default":               "user::rwx\nuser:nobody:r-x:77\ngroup::r-x\nmask::r-x\nother::r-x\n",
		"SCHILY.xattr.system.nfs4_acl":     "x",
	}
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	if err := w.WriteHeader(&tar.Header{Name: "d/", Typeflag: tar.TypeDir, Mode: 0o755, PAXRecords: records}); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	path, r := fill(t, mkfs.Tar(&b), 0, options(t, ""), mkfs.FillOptions{
		LookupUser: func(name string) (uint32, bool) { return 2, name == "bin" },
		MapUID:     func(id uint32) uint32 { return id + 100000 },
	})
	line := imageManifest(t, path)["d"]
	for _, want := range []string{
		`user.raw="a\x00b"`, `user.odd name="value"`, `security.selinux="system_u:object_r:etc_t:s0\x00"`,
		`system.posix_acl_access="\x02\x00\x00\x00\x01\x00\x06\x00\xff\xff\xff\xff\x02\x00\x04\x00\xa2\x86\x01\x00`,
		`system.posix_acl_default="\x02\x00\x00\x00\x01\x00\a\x00\xff\xff\xff\xff\x02\x00\x05\x00\xed\x86\x01\x00`,
		"100000:0",
	} {
		if !strings.Contains(line, want) {
			t.Errorf("no %s in %s", want, line)
		}
	}
	if len(r.Warnings) != 1 || !r.Failed || !strings.Contains(r.Warnings[0].String(), "nfs4_acl") {
		t.Errorf("warnings %v", r.Warnings)
	}
}

func TestDamagedTar(t *testing.T) {
	archive := pack(t, "f a 1", "f b 2")
	archive[1024+100] ^= 1
	_, err := mkfs.Scan(context.Background(), mkfs.Tar(bytes.NewReader(archive)), mkfs.FillOptions{})
	var damage *tarscan.FormatError
	if !errors.As(err, &damage) {
		t.Errorf("%v, want a FormatError", err)
	}
}

// FuzzTar makes images of damaged archives. Where the archive can be read at all, the image must be sound.
func FuzzTar(f *testing.F) {
	f.Add(pack(f, "d ./", "f a 1", "h b a", "l c a", "f c/x 22", "d d", "f d/e 333"), uint16(0), byte(0))
	f.Add(pack(f, "h b a", "f a 1", "l x ../y", "f x/z 1", "c n", "p p"), uint16(1536), byte(1))
	f.Add(pack(f, "f "+strings.Repeat("long/", 50)+"x 1", "f lost+found 1"), uint16(600), byte(3))
	f.Fuzz(func(t *testing.T, archive []byte, at uint16, flip byte) {
		archive = bytes.Clone(archive)
		if int(at) < len(archive) {
			archive[at] ^= flip
		}
		sealHeaders(archive)
		c, err := mkfs.Scan(context.Background(), mkfs.Tar(bytes.NewReader(archive)), mkfs.FillOptions{Workers: 1})
		if err != nil {
			return
		}
		defer c.Close()
		const most = 16 << 20
		n, err := c.Size(context.Background(), options(t, ""))
		if err != nil || n > most {
			return // a hole may be as large as it says
		}
		d := disk.NewMem(n)
		if _, err := c.Build(context.Background(), d, options(t, "")); err != nil {
			t.Fatal(err)
		}
		readAll(t, d)
	})
}

// sealHeaders makes the checksum of every block that could be a header right.
func sealHeaders(archive []byte) {
	for ; len(archive) >= 512; archive = archive[512:] {
		if string(archive[257:262]) != "ustar" {
			continue
		}
		copy(archive[148:156], "        ")
		var sum int
		for _, c := range archive[:512] {
			sum += int(c)
		}
		copy(archive[148:156], fmt.Sprintf("%06o\x00 ", sum))
	}
}

// TestGzipTails reads archives of several members and with something behind the last, and refuses those that are cut off.
func TestGzipTails(t *testing.T) {
	plain := pack(t, "f file hello", "d dir")
	members := slices.Concat(gzipped(t, plain[:700]), gzipped(t, plain[700:]))
	for name, c := range map[string]struct {
		archive []byte
		note    string
	}{
		"members": {members, ""},
		"padded":  {append(bytes.Clone(members), make([]byte, 10240)...), ""},
		"garbage": {append(bytes.Clone(members), "garbage\n"...), "what follows the end of the gzip archive is ignored"},
	} {
		report, err := mkfs.Build(context.Background(), disk.NewMem(1<<20), mkfs.Tar(bytes.NewReader(c.archive)), options(t, ""), mkfs.FillOptions{})
		var notes []string
		for _, w := range report.Warnings {
			notes = append(notes, w.String())
		}
		if err != nil || report.Files != 1 || report.Failed || strings.Join(notes, ", ") != c.note {
			t.Errorf("%s: %d files, notes %q, %v", name, report.Files, notes, err)
		}
	}
	for n := 2; n < len(members); n += 7 {
		_, err := mkfs.Build(context.Background(), disk.NewMem(1<<20), mkfs.Tar(bytes.NewReader(members[:n])), options(t, ""), mkfs.FillOptions{})
		if whole := len(gzipped(t, plain[:700])); n != whole && n != whole+1 && (err == nil || !strings.Contains(err.Error(), "cut off")) {
			t.Errorf("cut off after %d bytes of %d: %v", n, len(members), err)
		}
	}
}

func gzipped(t *testing.T, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	if _, err := z.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// TestEmptyArchive takes nothing at all for an archive, as tar does, and says so: it may be what a broken pipe left.
func TestEmptyArchive(t *testing.T) {
	report, err := mkfs.Build(context.Background(), disk.NewMem(1<<20), mkfs.Tar(strings.NewReader("")), options(t, ""), mkfs.FillOptions{})
	if err != nil || len(report.Warnings) != 1 || report.Warnings[0].Detail != "the archive is empty" {
		t.Errorf("%v, %v", report.Warnings, err)
	}
}
