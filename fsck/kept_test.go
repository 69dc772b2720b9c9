package fsck_test

import (
	"fmt"
	"hash/maphash"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"sort"
	"strings"
	"testing"

	"extant/disk"
	"extant/ext4"
)

// holdings is what a file system holds: for each path from the root all that is known of the file but its number, its links and when it was
// changed. What cannot be read says so.
type holdings map[string]string

// holdingsOf walks an image; nil for one that cannot be mounted.
func holdingsOf(image []byte) holdings {
	fs, err := ext4.Mount(disk.NewMemFrom(image), ext4.Options{})
	if err != nil {
		return nil
	}
	defer fs.Close()
	root, err := fs.Root()
	if err != nil {
		return nil
	}
	h := make(holdings)
	h.walk("/", root, 0)
	return h
}

func (h holdings) walk(at string, n *ext4.Inode, depth int) {
	h[at] = digest(n)
	if !n.IsDir() || depth > 20 {
		return
	}
	for e, err := range n.ReadDir(0) {
		if err != nil {
			h[at] += " " + err.Error()
			return
		}
		if name := string(e.Name); name != "." && name != ".." {
			child, err := n.Child(name)
			if err != nil {
				h[path.Join(at, name)] = err.Error()
				continue
			}
			h.walk(path.Join(at, name), child, depth+1)
		}
	}
}

var digestSeed = maphash.MakeSeed()

// digest is what is known of a file.
func digest(n *ext4.Inode) string {
	a := n.Attr()
	var b strings.Builder
	fmt.Fprintf(&b, "%o %d:%d %v", a.Mode, a.UID, a.GID, a.MTime)
	names, err := n.Xattrs()
	sort.Strings(names)
	for _, name := range names {
		v, err := n.Xattr(name)
		fmt.Fprintf(&b, " %s=%x %v", name, v, err)
	}
	if err != nil {
		fmt.Fprintf(&b, " %v", err)
	}
	if target, err := n.Readlink(); err == nil {
		fmt.Fprintf(&b, " -> %s", target)
	}
	if a.Size > 64<<20 || n.IsDir() {
		return b.String()
	}
	data := make([]byte, a.Size)
	k, err := n.ReadAt(data, 0)
	fmt.Fprintf(&b, " %d %x", a.Size, maphash.Bytes(digestSeed, data[:k]))
	if err != nil && k < len(data) {
		fmt.Fprintf(&b, " %v", err)
	}
	return b.String()
}

// e2fsckRepairs runs e2fsck with options on a copy of an image, and returns its exit code and the image afterwards.
func e2fsckRepairs(t testing.TB, image []byte, options string) (int, []byte) {
	t.Helper()
	dir, err := os.MkdirTemp("", "fsck")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	p := filepath.Join(dir, "image")
	store(t, p, image)
	cmd := exec.Command("timeout", "60", tool(t, "e2fsck"), options, p)
	_ = cmd.Run() // the code says all
	return cmd.ProcessState.ExitCode(), contents(t, p)
}

// wantKept wants all that e2fsck -y keeps of a sound image that was damaged to be kept.
func wantKept(t *testing.T, sound, damaged, after []byte) {
	t.Helper()
	was, is := holdingsOf(sound), holdingsOf(after)
	if is == nil {
		t.Error("what was repaired cannot be mounted")
		return
	}
	_, theirs := e2fsckRepairs(t, damaged, "-fy")
	kept := holdingsOf(theirs)
	ours, lost := 0, 0
	for p, d := range was {
		switch {
		case is[p] == d:
			ours++
		case kept != nil && kept[p] == d:
			if lost++; lost < 5 {
				t.Errorf("e2fsck keeps %s as\n%s\nhere it is\n%s", p, d, is[p])
			}
		}
	}
	if ours+maxTouched < len(was) && lost == 0 {
		t.Logf("%d of %d paths are as they were", ours, len(was))
	}
}

// maxTouched is how many paths a damage may change without a word.
const maxTouched = 3
