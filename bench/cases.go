package main

import (
	"fmt"
	"strings"
)

// cases lists what is measured: each beside the peer that does the same work.
func (b *bench) cases() []pair {
	cases := b.formatCases()
	for _, t := range trees {
		cases = append(cases, b.fillCases(t)...)
		cases = append(cases, b.readCases(t)...)
	}
	return append(cases, b.checkCases()...)
}

var trees = []tree{{"A", "1600M", nil}, {"B", "900M", []string{"-N", "120000"}}}

// A tree is a source with the size of the image that mke2fs needs for it.
type tree struct {
	name, size string
	inodes     []string
}

func (b *bench) fillCases(t tree) []pair {
	src, archive := b.path(t.name), b.path(t.name+".tar")
	plain := pair{
		name:   t.name + " from a directory",
		extant: b.extantMkfs(nil, t, src),
		peer:   b.mke2fs(nil, t, src),
	}
	fromTar := pair{
		name:   t.name + " from a tar",
		extant: b.extantMkfs(nil, t, archive),
		peer:   b.tar2ext4(nil, archive),
	}
	if t.name == "A" {
		return []pair{plain, fromTar}
	}
	inline := []string{"-O", "inline_data"}
	return []pair{plain, fromTar,
		{
			name:   t.name + " from a directory, inline_data",
			extant: b.extantMkfs(inline, t, src),
			peer:   b.mke2fs(inline, t, src),
		},
		{
			name:   t.name + " from a tar, inline_data",
			extant: b.extantMkfs(inline, t, archive),
			peer:   b.tar2ext4([]string{"-inline"}, archive),
		},
	}
}

func (b *bench) extantMkfs(flags []string, t tree, src string) test {
	img := b.path("extant.img")
	run := append([]string{b.path("extant"), "mkfs", "-q", "-F", "-t", "ext4"}, flags...)
	run = append(run, t.inodes...)
	return test{
		name:  "extant",
		setup: []string{"rm -f " + img},
		run:   append(run, "-d", src, img, t.size),
	}
}

func (b *bench) mke2fs(flags []string, t tree, src string) test {
	img := b.path("peer.img")
	run := append([]string{"mke2fs", "-q", "-F", "-t", "ext4"}, flags...)
	run = append(run, t.inodes...)
	return test{
		name:  "mke2fs -d",
		setup: []string{"rm -f " + img, "truncate -s " + t.size + " " + img},
		run:   append(run, "-d", src, img),
		undo:  []string{"rm -f " + img},
	}
}

func (b *bench) tar2ext4(flags []string, archive string) test {
	img := b.path("peer.img")
	return test{
		name:  "tar2ext4",
		setup: []string{"rm -f " + img},
		run:   append(append([]string{b.path("tar2ext4")}, flags...), archive, img),
		undo:  []string{"rm -f " + img},
	}
}

func (b *bench) formatCases() []pair {
	var cases []pair
	for _, size := range []string{"20G", "16T"} {
		ours, theirs := b.path("extant.img"), b.path("peer.img")
		cases = append(cases, pair{
			name: "empty " + size + "iB",
			extant: test{
				name:  "extant",
				setup: []string{"rm -f " + ours},
				run:   []string{b.path("extant"), "mkfs", "-q", "-F", "-t", "ext4", ours, size},
				undo:  []string{"rm -f " + ours},
			},
			peer: test{
				name:  "mkfs.ext4",
				setup: []string{"rm -f " + theirs, "truncate -s " + size + " " + theirs},
				run:   []string{"mkfs.ext4", "-q", "-F", theirs},
				undo:  []string{"rm -f " + theirs},
			},
		})
	}
	return cases
}

// readCases read everything back out of an image that mke2fs made of the tree.
func (b *bench) readCases(t tree) []pair {
	img, out, mnt := b.path(t.name+".img"), b.path("out"), b.path("mnt")
	fresh := []string{b.makePeerImage(t), "rm -rf " + out, "mkdir -p " + out + " " + mnt}
	return []pair{
		{
			name:   t.name + " extracted to a directory",
			extant: test{name: "extant", setup: fresh, run: []string{b.path("extant"), "extract", img, out}},
			peer: test{
				name:  "debugfs rdump",
				setup: fresh,
				run:   []string{"debugfs", "-R", "rdump / " + out, img},
				undo:  []string{"rm -rf " + out},
			},
		},
		{
			name:   t.name + " read and hashed through fs.FS",
			extant: test{name: "extant", setup: fresh, run: []string{b.path("hashfs"), img}},
			peer: test{
				name:  "loop mount, tar, sha256",
				setup: fresh,
				run: []string{"sh", "-c", fmt.Sprintf(
					"mount -o loop,ro %s %s && tar -C %[2]s -cf - . | openssl dgst -sha256; umount %[2]s", img, mnt)},
			},
		},
	}
}

// makePeerImage is the shell command that makes the image of a tree by mke2fs, where it is missing.
func (b *bench) makePeerImage(t tree) string {
	return fmt.Sprintf("test -e %[1]s || { truncate -s %[2]s %[1]s && mke2fs -q -F -t ext4 %[3]s -d %[4]s %[1]s; }",
		b.path(t.name+".img"), t.size, strings.Join(t.inodes, " "), b.path(t.name))
}
