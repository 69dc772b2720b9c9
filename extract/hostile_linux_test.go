package extract_test

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"extant"
	"extant/disk"
	"extant/ext4"
	"extant/extract"
	"extant/internal/ondisk"
)

// A crafter makes hostile images: it has one with files of every kind, made in a known order, and no checksums, and rewrites its
// directories and inodes.
type crafter struct {
	t     testing.TB
	base  []byte
	inos  map[string]ondisk.Ino
	block int
}

// newCrafter makes the image. Of each kind there are two, so that either can come first in the order of inodes.
func newCrafter(t testing.TB) *crafter {
	dir := memDir(t)
	image := mke2fs(t, "", "1M", "-t ext4 -b 1024 -I 256 -N 128 -O ^metadata_csum,^dir_index,^has_journal,^resize_inode,^orphan_file")
	payload := filepath.Join(dir, "payload")
	if err := os.WriteFile(payload, []byte("payload"), 0o644); err != nil {
		t.Fatal(err)
	}
	var cmds []string
	add := func(format string, args ...any) { cmds = append(cmds, fmt.Sprintf(format, args...)) }
	for _, d := range []string{"d", "e", "p"} {
		add("mkdir %s", d)
	}
	add("cd p")
	for i := range 2 {
		add("symlink out%d ../outside", i)
		add("symlink up%d ../../outside", i)
		add("symlink secret%d ../../outside/secret", i)
		add("write %s file%d", payload, i)
		add("mkdir dir%d", i)
		add("write %s dir%d/inner", payload, i)
		add("mknod fifo%d p", i)
	}
	add("mknod null c 1 3")
	add("mknod disk b 7 0")
	script := filepath.Join(dir, "cmds")
	if err := os.WriteFile(script, []byte(strings.Join(cmds, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, tool(t, "debugfs"), "-w", "-f", script, image)
	base, err := os.ReadFile(image)
	if err != nil {
		t.Fatal(err)
	}
	c := &crafter{t: t, base: base, inos: map[string]ondisk.Ino{"root": ondisk.RootIno}, block: 1024}
	vol := openDevice(t, disk.NewMemFrom(base))
	for _, name := range []string{"d", "e", "p"} {
		c.inos[name] = c.ino(vol, name)
	}
	list, err := vol.ReadDir("p")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range list {
		c.inos[e.Name()] = c.ino(vol, "p/"+e.Name())
	}
	return c
}

func (c *crafter) ino(vol *extant.Volume, name string) ondisk.Ino {
	n, err := vol.Inode(name, false)
	if err != nil {
		c.t.Fatal(err)
	}
	return n.Ino()
}

// A crafted image is one under way.
type crafted struct {
	*crafter
	b  []byte
	fs *ext4.FS // of the image before it was changed
}

func (c *crafter) begin() *crafted {
	return &crafted{c, slices.Clone(c.base), openDevice(c.t, disk.NewMemFrom(c.base)).Ext4()}
}

// A dent is an entry for a crafted directory: a name, and what it leads to.
type dent struct {
	name string
	to   string // a key of inos, or a number after #
	kind uint8  // 0: what the inode is
}

// directory writes a directory anew, with the given entries after the usual two.
func (k *crafted) directory(name string, dents []dent) {
	n, err := k.fs.Inode(k.inos[name])
	if err != nil {
		k.t.Fatal(err)
	}
	for m, err := range n.Mappings(0) {
		if err != nil {
			k.t.Fatal(err)
		}
		w := ondisk.NewDirWriter(k.b[m.Dev:][:k.block], 0)
		w.Add(k.inos[name], []byte("."), ondisk.FileDir)
		w.Add(ondisk.RootIno, []byte(".."), ondisk.FileDir)
		for _, d := range dents {
			if !w.Add(k.target(d.to), []byte(d.name), d.kind) {
				k.t.Fatalf("no room for %q", d.name)
			}
		}
		return
	}
}

func (k *crafted) target(to string) (ino ondisk.Ino) {
	if number, ok := strings.CutPrefix(to, "#"); ok {
		fmt.Sscan(number, &ino)
		return ino
	}
	ino, ok := k.inos[to]
	if !ok {
		k.t.Fatalf("no %q", to)
	}
	return ino
}

// inode changes an inode.
func (k *crafted) inode(name string, edit func(n *ondisk.Inode)) {
	at, err := k.fs.InodeSlot(k.inos[name])
	if err != nil {
		k.t.Fatal(err)
	}
	slot := k.b[int(at.Block)*k.block+at.Offset:][:at.Size]
	var n ondisk.Inode
	if err := n.Decode(slot); err != nil {
		k.t.Fatal(err)
	}
	edit(&n)
	n.Encode(slot)
}

// A hostile case is a crafted image, perhaps a prepared target, and what may come of it.
type hostile struct {
	name    string
	d, e    []dent
	edit    func(k *crafted)
	prepare func(p plant) // of "target", beside which is "outside"

	want  string // names in target/d, sorted, if that is one thing whatever the options are
	fails bool   // at least one file must be reported
}

// escapes are names that mean another place somewhere, with the same name for each in the target's d refused.
var escapes = []string{
	"../escaped", "../../escaped", "../../outside/new", "../../outside/secret", "/escaped", "//escaped", "a/b", "a/", "/", "./a", "a/../../b",
	"dir0/../../../outside/new", "../d", "up0/secret", "out0/../x", "\x00", "a\x00", "\x00a", "..\x00", "../\x00",
	"../../../../../../../../../../../../../../etc/cron.d/x",
}

func hostileCases() []hostile {
	var cases []hostile
	for _, name := range escapes {
		for _, to := range []string{"file0", "dir0"} {
			cases = append(cases, hostile{
				name: fmt.Sprintf("name %q of %s", name, to), d: []dent{{name: name, to: to}, {name: "ok", to: "file1"}}, want: "ok", fails: true,
			})
		}
	}
	kinds := []string{"out", "up", "secret", "file", "dir", "fifo"}
	for _, a := range kinds { // two of one name, either first
		for _, b := range kinds {
			if a == b {
				continue
			}
			cases = append(cases, hostile{
				name: "twice: " + a + " and " + b, d: []dent{{name: "x", to: a + "0"}, {name: "x", to: b + "1"}}, want: "x", fails: true,
			})
		}
	}
	return append(append(cases, linkCases()...), append(treeCases(), targetCases()...)...)
}

// linkCases have symbolic and hard links to lead astray.
func linkCases() []hostile {
	links := func(n uint16, names ...string) func(k *crafted) {
		return func(k *crafted) {
			for _, name := range names {
				k.inode(name, func(i *ondisk.Inode) { i.LinksCount = n })
			}
		}
	}
	return []hostile{
		{name: "link, then a name below it", d: []dent{{name: "up0", to: "up0"}, {name: "up0/new", to: "file0"}}, want: "up0", fails: true},
		{name: "hard links of a link", d: []dent{{name: "a", to: "secret0"}, {name: "b", to: "secret0"}}, edit: links(2, "secret0"), want: "a b"},
		{name: "more names than links", d: []dent{{name: "a", to: "file0"}, {name: "b", to: "file0"}, {name: "c", to: "file0"}}, want: "a b c"},
		{name: "fewer names than links", d: []dent{{name: "a", to: "file0"}}, edit: links(65000, "file0"), want: "a"},
		{name: "the first name refused", d: []dent{{name: "../a", to: "file0"}, {name: "b", to: "file0"}}, edit: links(2, "file0"), want: "b", fails: true},
		{name: "no links", d: []dent{{name: "a", to: "file0"}}, edit: links(0, "file0"), want: "", fails: true},
		{name: "hard link over a link", d: []dent{{name: "x", to: "secret0"}, {name: "x", to: "file1"}, {name: "y", to: "file1"}}, edit: links(2, "file1"), fails: true},
		{name: "link without a target", d: []dent{{name: "a", to: "out0"}}, edit: func(k *crafted) {
			k.inode("out0", func(i *ondisk.Inode) { i.SetSize(0) })
		}, want: "", fails: true},
		{name: "link with an endless target", d: []dent{{name: "a", to: "out0"}}, edit: func(k *crafted) {
			k.inode("out0", func(i *ondisk.Inode) { i.SetSize(1 << 50) })
		}, want: "", fails: true},
		{name: "link of nothing but zeros", d: []dent{{name: "a", to: "out0"}}, edit: func(k *crafted) {
			k.inode("out0", func(i *ondisk.Inode) { clear(i.IBlock[:]) })
		}, want: "", fails: true},
		{name: "hard links of a directory's kind", d: []dent{{name: "a", to: "dir0", kind: ondisk.FileRegular}, {name: "b", to: "dir0", kind: ondisk.FileRegular}}, want: "a", fails: true},
	}
}

// treeCases have trees that are none.
func treeCases() []hostile {
	return []hostile{
		{name: "itself", d: []dent{{name: "loop", to: "d"}}, want: "", fails: true},
		{name: "the root", d: []dent{{name: "loop", to: "root"}}, want: "", fails: true},
		{name: "each other", d: []dent{{name: "e", to: "e"}}, e: []dent{{name: "d", to: "d"}}, fails: true},
		{name: "two names", d: []dent{{name: "a", to: "dir0"}, {name: "b", to: "dir0"}}, fails: true},
		{name: "journal", d: []dent{{name: "a", to: "#8"}}, want: "", fails: true},
		{name: "bad blocks", d: []dent{{name: "a", to: "#1"}}, want: "", fails: true},
		{name: "no such inode", d: []dent{{name: "a", to: "#4000000000"}}, want: "", fails: true},
		{name: "unused inode", d: []dent{{name: "a", to: "#120"}}, want: "", fails: true},
		{name: "file called a directory", d: []dent{{name: "a", to: "file0", kind: ondisk.FileDir}}, want: "a"},
		{name: "directory called a file", d: []dent{{name: "a", to: "dir0", kind: ondisk.FileRegular}}, want: "a"},
		{name: "link called a directory", d: []dent{{name: "a", to: "up0", kind: ondisk.FileDir}, {name: "b", to: "file0"}}, want: "a b"},
		{name: "directory called a link", d: []dent{{name: "a", to: "dir0", kind: ondisk.FileSymlink}}, want: "a"},
		{name: "no type", d: []dent{{name: "a", to: "file0"}}, edit: func(k *crafted) {
			k.inode("file0", func(i *ondisk.Inode) { i.Mode = 0o644 })
		}, want: "", fails: true},
		{name: "two types", d: []dent{{name: "a", to: "file0"}}, edit: func(k *crafted) {
			k.inode("file0", func(i *ondisk.Inode) { i.Mode = 0xF1FF })
		}, want: "", fails: true},
		{name: "more dots", d: []dent{{name: ".", to: "file0"}, {name: "..", to: "secret0"}, {name: "...", to: "file1"}}, want: "..."},
		{name: "dots that are links", d: []dent{{name: "..", to: "up0"}, {name: "ok", to: "file1"}}, want: "ok"},
		{name: "endless file", d: []dent{{name: "a", to: "file0"}}, edit: func(k *crafted) {
			k.inode("file0", func(i *ondisk.Inode) { i.SetSize(1<<63 - 1) })
		}},
		{name: "negative size", d: []dent{{name: "a", to: "file0"}}, edit: func(k *crafted) {
			k.inode("file0", func(i *ondisk.Inode) { i.SetSize(1<<64 - 1) })
		}, want: "", fails: true},
		{name: "blocks beyond the end", d: []dent{{name: "a", to: "file0"}}, edit: func(k *crafted) {
			k.inode("file0", func(i *ondisk.Inode) { i.IBlock[20], i.IBlock[22] = 0xFF, 0xFF })
		}, want: "", fails: true},
		{name: "set-ID everything", d: []dent{{name: "a", to: "file0"}, {name: "dir", to: "dir0"}}, edit: func(k *crafted) {
			k.inode("file0", func(i *ondisk.Inode) { i.Mode |= 0o7777 })
			k.inode("dir0", func(i *ondisk.Inode) { i.Mode |= 0o7777 })
		}, want: "a dir"},
		{name: "an owner that is nobody", d: []dent{{name: "a", to: "file0"}}, edit: func(k *crafted) {
			k.inode("file0", func(i *ondisk.Inode) { i.SetOwner(1<<32-1, 1<<32-1) })
		}, want: "a"},
		{name: "devices", d: []dent{{name: "a", to: "null"}, {name: "b", to: "disk"}, {name: "c", to: "file0"}}},
	}
}

// targetCases find traps in the target.
func targetCases() []hostile {
	x := []dent{{name: "x", to: "file0"}}
	return []hostile{
		{name: "target: directory is a link out", d: x, prepare: func(p plant) { p.do(os.Symlink("../outside", p.at("target/d"))) }},
		{name: "target: directory is a link within", d: x, prepare: func(p plant) {
			p.dir("target/other")
			p.do(os.Symlink("other", p.at("target/d")))
		}},
		{name: "target: file is a link out", d: x, prepare: func(p plant) {
			p.dir("target/d")
			p.do(os.Symlink("../../outside/secret", p.at("target/d/x")))
		}, want: "x"},
		{name: "target: file is a dangling link out", d: x, prepare: func(p plant) {
			p.dir("target/d")
			p.do(os.Symlink("../../outside/new", p.at("target/d/x")))
		}, want: "x"},
		{name: "target: file is a hard link out", d: x, prepare: func(p plant) {
			p.dir("target/d")
			p.do(os.Link(p.at("outside/secret"), p.at("target/d/x")))
		}, want: "x"},
		{name: "target: file is a fifo", d: x, prepare: func(p plant) {
			p.dir("target/d")
			p.do(unix.Mkfifo(p.at("target/d/x"), 0o600))
		}, want: "x"},
		{name: "target: link is a link out", d: []dent{{name: "x", to: "up0"}}, prepare: func(p plant) {
			p.dir("target/d")
			p.do(os.Symlink("../../outside", p.at("target/d/x")))
		}, want: "x"},
		{name: "target: directory below is a link out", d: []dent{{name: "x", to: "dir0"}}, prepare: func(p plant) {
			p.dir("target/d")
			p.do(os.Symlink("../../outside", p.at("target/d/x")))
		}, want: "x"},
		{name: "target: directory below is a hard link out", d: []dent{{name: "x", to: "dir0"}}, prepare: func(p plant) {
			p.dir("target/d")
			p.do(os.Link(p.at("outside/secret"), p.at("target/d/x")))
		}, want: "x"},
		{name: "target: fifo is a link out", d: []dent{{name: "x", to: "fifo0"}}, prepare: func(p plant) {
			p.dir("target/d")
			p.do(os.Symlink("../../outside/secret", p.at("target/d/x")))
		}, want: "x"},
		{name: "target: second name is a link out", d: []dent{{name: "a", to: "file0"}, {name: "x", to: "file0"}}, edit: func(k *crafted) {
			k.inode("file0", func(i *ondisk.Inode) { i.LinksCount = 2 })
		}, prepare: func(p plant) {
			p.dir("target/d")
			p.do(os.Symlink("../../outside/secret", p.at("target/d/x")))
		}, want: "a x"},
	}
}

// TestHostile is S6: whatever the image and the target hold, nothing outside the target changes.
func TestHostile(t *testing.T) {
	c := newCrafter(t)
	cases := hostileCases()
	if len(cases) < 60 {
		t.Errorf("%d cases", len(cases))
	}
	for _, h := range cases {
		k := c.begin()
		k.directory("d", h.d)
		k.directory("e", h.e)
		k.directory("p", nil)
		if h.edit != nil {
			h.edit(k)
		}
		vol := openDevice(t, disk.NewMemFrom(k.b))
		t.Run(h.name, func(t *testing.T) {
			for _, o := range []extract.Options{{}, {Overwrite: true}, {Overwrite: true, Privileged: true, Owners: extract.OwnersNever}} {
				if o.Privileged && os.Getuid() != 0 {
					continue
				}
				h.toDir(t, vol, o)
			}
			h.toTar(t, vol)
		})
	}
}

// outside is a plant with a target, and beside it what must not change.
func outside(t testing.TB) plant {
	p := plant{t, memDir(t)}
	p.dir("target")
	p.dir("outside/sub")
	p.file("outside/secret", []byte("secret"))
	p.do(os.Chmod(p.at("outside/secret"), 0o600))
	p.do(os.Chmod(p.at("outside"), 0o700))
	return p
}

func (h *hostile) toDir(t *testing.T, vol *extant.Volume, o extract.Options) {
	t.Helper()
	p := outside(t)
	if h.prepare != nil {
		h.prepare(p)
	}
	before := readTree(t, p.at("outside"))
	failed := 0
	o.Report = func(error) { failed++ }
	_, err := extract.ToDir(t.Context(), vol, wholeVolume, p.at("target"), o)
	var partial *extract.PartialError
	if err != nil && !errors.As(err, &partial) || (failed > 0) != (err != nil) {
		t.Errorf("%d failures, %v", failed, err)
	}
	if h.fails && failed == 0 {
		t.Error("nothing was reported")
	}
	if after := readTree(t, p.at("outside")); !maps.Equal(before, after) {
		t.Errorf("outside has changed:\n%v\n%v", before, after)
	}
	if list, _ := os.ReadDir(p.root); len(list) != 2 {
		t.Errorf("something is beside the target: %v", list)
	}
	h.checkNames(t, p, o)
}

// checkNames looks at what has become of d.
func (h *hostile) checkNames(t *testing.T, p plant, o extract.Options) {
	t.Helper()
	secret := stat(t, p.at("outside/secret"))
	var names []string
	list, _ := os.ReadDir(p.at("target/d"))
	if stat(t, p.at("target/d")).Mode&unix.S_IFMT == unix.S_IFDIR {
		for _, e := range list {
			names = append(names, e.Name())
			if st := stat(t, p.at("target/d/"+e.Name())); st.Ino == secret.Ino && o.Overwrite {
				t.Errorf("%s is still a file from outside", e.Name())
			}
		}
	}
	if got := strings.Join(names, " "); h.want != "" && got != h.want {
		t.Errorf("names %q, want %q (overwrite %v)", got, h.want, o.Overwrite)
	}
	if !o.Privileged {
		noPower(t, p.at("target"))
	}
}

// noPower finds set-ID bits and devices.
func noPower(t *testing.T, root string) {
	t.Helper()
	for name, f := range readTree(t, root) {
		kind := f.mode & unix.S_IFMT
		if kind == unix.S_IFCHR || kind == unix.S_IFBLK || f.mode&0o6000 != 0 || kind == unix.S_IFREG && f.mode&0o1000 != 0 {
			t.Errorf("%q has mode %o", name, f.mode)
		}
	}
}

// toTar looks at the names in an archive of the image.
func (h *hostile) toTar(t *testing.T, vol *extant.Volume) {
	t.Helper()
	var b bytes.Buffer
	if _, err := extract.ToTar(t.Context(), vol, wholeVolume, &b, extract.Options{}); err == nil && h.fails {
		t.Error("archive: nothing was reported")
	}
	seen := map[string]bool{}
	for r := tar.NewReader(&b); ; {
		m, err := r.Next()
		if err == io.EOF {
			return
		}
		if err != nil {
			t.Errorf("archive: %v", err)
			return
		}
		local := strings.TrimSuffix(strings.TrimPrefix(m.Name, "./"), "/")
		if seen[m.Name] || local != "" && (!filepath.IsLocal(local) || filepath.Clean(local) != local) {
			t.Errorf("archive has %q", m.Name)
		}
		if m.Typeflag == tar.TypeLink && !seen[m.Linkname] {
			t.Errorf("archive links %q to %q, which is not in it", m.Name, m.Linkname)
		}
		seen[m.Name] = true
	}
}

// TestBombs is S8: an image of a megabyte that claims sixteen tebibytes ends within the limits.
func TestBombs(t *testing.T) {
	c := newCrafter(t)
	k := c.begin()
	var names []dent
	for i := range 40 {
		names = append(names, dent{name: fmt.Sprintf("n%02d", i), to: "file0"})
	}
	k.directory("d", names)
	k.inode("file0", func(i *ondisk.Inode) { i.SetSize(16 << 40) })
	vol := openDevice(t, disk.NewMemFrom(k.b))
	out := memDir(t)
	s, err := extract.ToDir(t.Context(), vol, wholeVolume, out, extract.Options{})
	if st := stat(t, filepath.Join(out, "d/n00")); err != nil || s.Bytes > 1<<20 || st.Blocks > 64 {
		t.Errorf("%+v, %v, %d blocks", s, err, st.Blocks)
	}
	var limit *extract.LimitError
	s, err = extract.ToDir(t.Context(), vol, wholeVolume, memDir(t), extract.Options{FillHoles: true})
	if !errors.As(err, &limit) || s.Bytes > 80<<20 {
		t.Errorf("holes filled: %+v, %v", s, err)
	}
	s, err = extract.ToTar(t.Context(), vol, wholeVolume, discard{}, extract.Options{})
	if err != nil || s.Bytes > 1<<20 {
		t.Errorf("archive: %+v, %v", s, err)
	}
	s, err = extract.ToDir(t.Context(), vol, wholeVolume, memDir(t), extract.Options{Limits: extract.Limits{Files: 10}})
	if !errors.As(err, &limit) || s.Files+s.Dirs > 10 {
		t.Errorf("files: %+v, %v", s, err)
	}
}
