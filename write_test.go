package extant_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"

	"extant"
	"extant/disk"
	"extant/internal/ext4test"
	"extant/sched"
)

func writable(t *testing.T) *extant.Volume {
	t.Helper()
	m, _ := ext4test.ModeOf("inline")
	return ext4test.New(t, m)
}

// TestFileLikeOS does with a File what an os.File is for.
func TestFileLikeOS(t *testing.T) {
	v := writable(t)
	f, err := v.Create("a")
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(f, "hello, ")
	io.WriteString(f, "world")
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		t.Error(err)
	}
	if b, err := io.ReadAll(f); string(b) != "hello, world" || err != nil {
		t.Errorf("%q, %v", b, err)
	}
	if n, err := f.ReadFrom(bytes.NewReader(make([]byte, 3<<20))); n != 3<<20 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	if err := errors.Join(f.Truncate(5), f.Chmod(0o600), f.Sync(), v.Remove("a")); err != nil {
		t.Error(err)
	}
	p := make([]byte, 10)
	if n, err := f.ReadAt(p, 0); string(p[:n]) != "hello" || err != io.EOF {
		t.Errorf("after its removal: %q, %v", p[:n], err)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
	if _, err := f.Write(p); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("write to a closed file: %v", err)
	}
}

// TestWriteErrors looks for the path, the operation and the number in errors: the number itself, as package os has it, and nothing around it.
func TestWriteErrors(t *testing.T) {
	v := writable(t)
	if err := v.WriteFile("f", []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := v.MkdirAll("d/e/f", 0o755); err != nil {
		t.Fatal(err)
	}
	r, err := v.Open("f")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	_, wrote := r.Write([]byte("x"))
	_, opened := v.As(&extant.Credential{UID: 5}).OpenFile("f", os.O_WRONLY, 0)
	_, unnamed := r.Getxattr("")
	app, err := v.OpenFile("f", os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer app.Close()
	if _, err := app.WriteAt([]byte("x"), 0); err == nil {
		t.Error("WriteAt on a file opened with O_APPEND")
	}
	for _, c := range []struct {
		err  error
		want syscall.Errno
		text string
	}{
		{v.Mkdir("f", 0o755), syscall.EEXIST, "mkdir f: file exists"},
		{v.Remove("d"), syscall.ENOTEMPTY, "remove d: directory not empty"},
		{v.Remove("none"), syscall.ENOENT, "remove none: no such file or directory"},
		{v.Rename("none", "x"), syscall.ENOENT, "rename none x: no such file or directory"},
		{v.Link("f", "d/e"), syscall.EEXIST, "link f d/e: file exists"},
		{v.Symlink("", "x"), syscall.ENOENT, "symlink  x: no such file or directory"},
		{v.Truncate("d", 0), syscall.EISDIR, "truncate d: is a directory"},
		{v.As(&extant.Credential{UID: 5}).Chmod("f", 0), syscall.EPERM, "chmod f: operation not permitted"},
		{wrote, syscall.EBADF, "write f: bad file descriptor"},
		{opened, syscall.EACCES, "open f: permission denied"},
		{unnamed, syscall.ERANGE, "getxattr f: numerical result out of range"},
		{r.Setxattr("user.a", nil, 4), syscall.EINVAL, "setxattr f: invalid argument"},
		{r.Setxattr("user.a", make([]byte, 64<<10+1), 0), syscall.E2BIG, "setxattr f: argument list too long"},
		{r.Removexattr(""), syscall.ERANGE, "removexattr f: numerical result out of range"},
	} {
		if errors.Unwrap(c.err) != c.want || c.err.Error() != c.text {
			t.Errorf("%v, want %v", c.err, c.text)
		}
	}
	if err := errors.Join(v.RemoveAll("d"), v.RemoveAll("none")); err != nil {
		t.Error(err)
	}
}

// TestListedThenRemoved wants a directory that was listed and removed to be gone, and an entry of a file that was removed to say so.
func TestListedThenRemoved(t *testing.T) {
	v := writable(t)
	free := func() uint64 {
		st, err := v.Ext4().StatFS()
		if err != nil {
			t.Fatal(err)
		}
		return st.FilesFree
	}
	before := free()
	if err := errors.Join(v.Mkdir("d", 0o755), v.WriteFile("d/f", []byte("x"), 0o644)); err != nil {
		t.Fatal(err)
	}
	list, err := v.ReadDir("d")
	if err != nil || len(list) != 1 {
		t.Fatal(list, err)
	}
	if err := v.RemoveAll("d"); err != nil {
		t.Error(err)
	}
	if _, err := list[0].Info(); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("an entry of a file that was removed: %v", err)
	}
	if after := free(); after != before {
		t.Errorf("%d inodes are free, %d were before", after, before)
	}
}

// TestSecondWriter makes sure that an image that is open for writing is nobody else's.
func TestSecondWriter(t *testing.T) {
	m, _ := ext4test.ModeOf("ordered")
	image := filepath.Join(t.TempDir(), "disk.img")
	if err := ext4test.Save(ext4test.Format(t, m.Size, m.Mkfs), image); err != nil {
		t.Fatal(err)
	}
	v, err := extant.OpenWith(image, extant.Options{ReadWrite: true})
	if err != nil {
		t.Fatal(err)
	}
	var busy *disk.BusyError
	if _, err := extant.OpenWith(image, extant.Options{ReadWrite: true}); !errors.As(err, &busy) {
		t.Errorf("a second writer: %v", err)
	}
	if _, err := extant.Open(image); !errors.As(err, &busy) {
		t.Errorf("a reader beside a writer: %v", err)
	}
	if err := v.Close(); err != nil {
		t.Error(err)
	}
}

// TestTogether lets several tasks make, rename, link, write and remove the same few names. Nothing may fail but for names that are there or
// are not, and no checker may find anything.
func TestTogether(t *testing.T) {
	v := writable(t)
	expected := []syscall.Errno{
		syscall.ENOENT, syscall.EEXIST, syscall.ENOTEMPTY, syscall.EISDIR, syscall.ENOTDIR, syscall.EINVAL, syscall.EPERM, syscall.ELOOP,
	}
	var tasks []*sched.Task
	for k := range 8 {
		tasks = append(tasks, sched.Go(fmt.Sprint("writer ", k), func() {
			x := uint64(k + 1)
			name := func() string {
				x = x*6364136223846793005 + 1442695040888963407
				return []string{"a", "b", "d", "d/a", "d/b", "e", "e/a"}[x>>33%7]
			}
			for i := range 300 {
				if err := oneOf(v, i*7+k*3, name); err != nil {
					var no syscall.Errno
					if !errors.As(err, &no) || !slices.Contains(expected, no) {
						t.Error(err)
					}
				}
			}
		}))
	}
	for _, task := range tasks {
		task.Wait()
	}
}

// oneOf does one of several things to names.
func oneOf(v *extant.Volume, which int, name func() string) error {
	switch which % 10 {
	case 0:
		return v.Mkdir(name(), 0o755)
	case 1:
		return v.WriteFile(name(), bytes.Repeat([]byte("x"), which%9000), 0o644)
	case 2:
		return v.Rename(name(), name())
	case 3:
		return v.Link(name(), name())
	case 4:
		return v.Remove(name())
	case 5:
		return v.Setxattr(name(), "user.a", []byte(name()), 0)
	case 6:
		return v.Truncate(name(), int64(which%200))
	case 7:
		_, err := v.ReadFile(name())
		return err
	case 8:
		return v.Symlink(name(), name())
	}
	_, err := v.ReadDir("d")
	return err
}
