package prog

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"syscall"

	"extant/internal/model"
)

func doFile(r *Runner, op *Op) Result {
	f, err := r.sys.Open(op.cred(), op.File, model.OpenWrite|model.OpenCreate|model.OpenTrunc, 0o644)
	if err != nil {
		return failed(err)
	}
	n, err := f.WriteAt(op.Data.Bytes(0), 0)
	return counted(n, errors.Join(err, f.Close()))
}

func doCreate(r *Runner, op *Op) Result {
	f, err := r.sys.Open(op.cred(), op.File, model.OpenWrite|model.OpenCreate|model.OpenExcl, op.Mode)
	if err == nil {
		err = f.Close()
	}
	return failed(err)
}

func doMkdir(r *Runner, op *Op) Result  { return failed(r.sys.Mkdir(op.cred(), op.File, op.Mode)) }
func doRmdir(r *Runner, op *Op) Result  { return failed(r.sys.Rmdir(op.cred(), op.File)) }
func doUnlink(r *Runner, op *Op) Result { return failed(r.sys.Unlink(op.cred(), op.File)) }
func doLink(r *Runner, op *Op) Result   { return failed(r.sys.Link(op.cred(), op.File, op.To)) }

func doSymlink(r *Runner, op *Op) Result { return failed(r.sys.Symlink(op.cred(), op.To, op.File)) }

func doRename(r *Runner, op *Op) Result {
	flags, _ := flagsOf(op.Word, renameWords)
	return failed(r.sys.Rename(op.cred(), op.File, op.To, flags))
}

func doMknod(r *Runner, op *Op) Result {
	mode, major, minor, _ := kindOf(op.Word)
	return failed(r.sys.Mknod(op.cred(), op.File, mode|op.Mode, major, minor))
}

func doOpen(r *Runner, op *Op) Result {
	if _, ok := r.files[op.Name]; ok {
		return refused("@%s is open", op.Name)
	}
	flags, _ := flagsOf(op.Word, openWords)
	if flags&(model.OpenRead|model.OpenWrite) == 0 {
		flags |= model.OpenRead
	}
	f, err := r.sys.Open(op.cred(), op.File, flags, op.Mode)
	if err == nil {
		r.files[op.Name] = f
	}
	return failed(err)
}

func doClose(r *Runner, op *Op) Result {
	f, ok := r.files[op.Name]
	if !ok {
		return refused("@%s is not open", op.Name)
	}
	delete(r.files, op.Name)
	return failed(f.Close())
}

// with gives an operation the file that it is about, opened for as long as it takes if it is a path.
func (r *Runner) with(op *Op, flags uint32, do func(f File) Result) Result {
	if name, ok := op.handle(); ok {
		f, ok := r.files[name]
		if !ok {
			return refused("@%s is not open", name)
		}
		return do(f)
	}
	f, err := r.sys.Open(op.cred(), op.File, flags, 0)
	if err != nil {
		return failed(err)
	}
	res := do(f)
	if err := f.Close(); err != nil && res.Err == "" {
		res = failed(err)
	}
	return res
}

func doRead(r *Runner, op *Op) Result {
	return r.with(op, model.OpenRead, func(f File) Result {
		p := make([]byte, min(max(op.Len, 0), dataMax))
		n, err := f.ReadAt(p, op.Off)
		return Result{Err: errName(err), Text: show(p[:n])}
	})
}

func doWrite(r *Runner, op *Op) Result {
	return r.with(op, model.OpenWrite, func(f File) Result { return counted(f.WriteAt(op.Data.Bytes(op.Off), op.Off)) })
}

func doAppend(r *Runner, op *Op) Result {
	return r.with(op, model.OpenWrite|model.OpenAppend, func(f File) Result { return counted(f.WriteAt(op.Data.Bytes(0), 0)) })
}

func doTruncate(r *Runner, op *Op) Result {
	if _, ok := op.handle(); !ok {
		return failed(r.sys.Truncate(op.cred(), op.File, op.Len))
	}
	return r.with(op, 0, func(f File) Result { return failed(f.Truncate(op.Len)) })
}

func doFallocate(r *Runner, op *Op) Result {
	mode, _ := flagsOf(op.Word, fallocateWords)
	return r.with(op, model.OpenWrite, func(f File) Result { return failed(f.Fallocate(mode, op.Off, op.Len)) })
}

func doSeek(r *Runner, op *Op) Result {
	return r.with(op, model.OpenRead, func(f File) Result { return failed(seekAll(f, op.Off)) })
}

func doChmod(r *Runner, op *Op) Result { return failed(r.sys.Chmod(op.cred(), op.File, op.Mode)) }

func doChown(r *Runner, op *Op) Result {
	return failed(r.sys.Chown(op.cred(), op.File, op.UID, op.GID, op.follows()))
}

func doUtimes(r *Runner, op *Op) Result {
	return failed(r.sys.Utimes(op.cred(), op.File, op.Before, op.After, op.follows()))
}

func doSetXattr(r *Runner, op *Op) Result {
	flags, _ := flagsOf(op.Word, xattrWords)
	return failed(r.sys.SetXattr(op.cred(), op.File, op.Name, op.Data.Bytes(0), flags, op.follows()))
}

func doSetACL(r *Runner, op *Op) Result {
	value, _ := aclValue(op.Word)
	return failed(r.sys.SetXattr(op.cred(), op.File, aclName(op.Name), value, 0, true))
}

func doXattr(r *Runner, op *Op) Result {
	value, err := r.sys.Xattr(op.cred(), op.File, op.Name, op.follows())
	if err != nil {
		return failed(err)
	}
	return Result{Text: show(value)}
}

func doListXattr(r *Runner, op *Op) Result {
	list, err := r.sys.ListXattr(op.cred(), op.File, op.follows())
	slices.Sort(list)
	return Result{Err: errName(err), Text: strings.Join(list, " ")}
}

func doRemoveXattr(r *Runner, op *Op) Result {
	return failed(r.sys.RemoveXattr(op.cred(), op.File, op.Name, op.follows()))
}

func doChattr(r *Runner, op *Op) Result {
	set, clear, _ := chattrFlags(op.Word)
	return failed(r.sys.SetFlags(op.cred(), op.File, set, clear))
}

func doStat(r *Runner, op *Op) Result {
	if _, ok := op.handle(); ok {
		return r.with(op, 0, func(f File) Result { return statted(f.Stat()) })
	}
	return statted(r.sys.Stat(op.cred(), op.File, op.follows()))
}

func doReadlink(r *Runner, op *Op) Result {
	target, err := r.sys.Readlink(op.cred(), op.File)
	if err != nil {
		return failed(err)
	}
	return Result{Text: quote(target)}
}

func doReadDir(r *Runner, op *Op) Result {
	list, err := r.sys.ReadDir(op.cred(), op.File)
	if err != nil {
		return failed(err)
	}
	var names []string
	for _, e := range list {
		if e.Name != lostFound {
			names = append(names, quote(e.Name)+typeMark[e.Type])
		}
	}
	slices.Sort(names)
	return Result{Text: strings.Join(names, " ")}
}

var typeMark = map[uint32]string{
	model.ModeDir: "/", model.ModeSymlink: "@", model.ModeFIFO: "|", model.ModeSocket: "=", model.ModeChar: "%", model.ModeBlock: "%",
	model.ModeRegular: "",
}

func doSync(r *Runner, op *Op) Result {
	if op.File == "" {
		return failed(r.sys.Sync())
	}
	return r.with(op, model.OpenRead, func(f File) Result { return failed(f.Sync(op.Verb == "datasync")) })
}

func doMap(r *Runner, op *Op) Result {
	if _, ok := r.maps[op.Name]; ok {
		return refused("%s is mapped", op.Name)
	}
	return r.with(op, model.OpenRead|model.OpenWrite, func(f File) Result {
		m, err := f.Map()
		if err == nil {
			r.maps[op.Name] = m
		}
		return failed(err)
	})
}

func (r *Runner) mapped(op *Op, do func(m Mapping) Result) Result {
	m, ok := r.maps[op.Name]
	if !ok {
		return refused("%s is not mapped", op.Name)
	}
	return do(m)
}

func doLoad(r *Runner, op *Op) Result {
	return r.mapped(op, func(m Mapping) Result {
		if op.Off < 0 {
			return failed(syscall.EINVAL)
		}
		p := make([]byte, min(max(op.Len, 0), dataMax))
		n, err := m.Load(p, op.Off)
		return Result{Err: errName(err), Text: show(p[:n])}
	})
}

func doStore(r *Runner, op *Op) Result {
	return r.mapped(op, func(m Mapping) Result {
		if op.Off < 0 {
			return failed(syscall.EINVAL)
		}
		return counted(m.Store(op.Data.Bytes(op.Off), op.Off))
	})
}

// An Accessor is a Mapping whose memory can be looked at where it lies.
type Accessor interface {
	// Access calls f with n bytes from off on, all of which lie in the file: else it is io.EOF.
	Access(off, n int64, f func(b []byte) error) error
}

// doCopy writes to a file from the memory of a mapping, which may be one of the same file.
func doCopy(r *Runner, op *Op) Result {
	return r.mapped(op, func(m Mapping) Result {
		return r.with(op, model.OpenWrite, func(f File) Result {
			n := 0
			write := func(b []byte) (err error) {
				n, err = f.WriteAt(b, op.Off)
				return err
			}
			if a, ok := m.(Accessor); ok {
				err := a.Access(op.From, op.Len, write)
				return counted(n, err)
			}
			b := make([]byte, min(max(op.Len, 0), dataMax))
			k, err := m.Load(b, op.From)
			if err == nil && k < len(b) {
				err = io.EOF
			}
			if err == nil {
				err = write(b)
			}
			return counted(n, err)
		})
	})
}

// A Freezer is a System that can be frozen: nothing changes on its device until it is thawed.
type Freezer interface {
	Freeze() error
	Thaw() error
}

func doFreeze(r *Runner, op *Op) Result {
	f, ok := r.sys.(Freezer)
	switch {
	case !ok:
		return refused("this system cannot be frozen")
	case op.Verb == "freeze":
		return failed(f.Freeze())
	}
	return failed(f.Thaw())
}

func doMsync(r *Runner, op *Op) Result {
	return r.mapped(op, func(m Mapping) Result { return failed(m.Sync()) })
}

func doUnmap(r *Runner, op *Op) Result {
	return r.mapped(op, func(m Mapping) Result {
		delete(r.maps, op.Name)
		return failed(m.Close())
	})
}

func doRemount(r *Runner, op *Op) Result {
	if err := r.CloseFiles(); err != nil {
		return failed(err)
	}
	return failed(r.sys.Remount())
}

// seekAll goes from data to hole to data and to the end, and looks whether what is called a hole is zero.
func seekAll(f File, off int64) error {
	st, err := f.Stat()
	if err != nil {
		return err
	}
	if st.Mode&model.ModeFmt != model.ModeRegular {
		return syscall.EISDIR
	}
	if off < 0 || off >= st.Size {
		_, err := f.SeekData(off)
		return err
	}
	for at := off; at < st.Size; {
		data, err := f.SeekData(at)
		if errors.Is(err, syscall.ENXIO) {
			data, err = st.Size, nil
		}
		if err == nil && (data < at || data > st.Size) {
			err = fmt.Errorf("data after %d at %d of %d", at, data, st.Size)
		}
		if err == nil {
			err = zeros(f, at, data)
		}
		if err != nil || data == st.Size {
			return err
		}
		hole, err := f.SeekHole(data)
		if err == nil && hole == data {
			hole = min(data+512-data%512, st.Size) // Linux does so where pages are larger than blocks
		}
		if err == nil && (hole < data || hole > st.Size) {
			err = fmt.Errorf("hole after %d at %d of %d", data, hole, st.Size)
		}
		if err != nil {
			return err
		}
		at = hole
	}
	return nil
}

// zeros looks at the ends of a hole, and at all of one that is small.
func zeros(f File, from, to int64) error {
	const most = 256 << 10
	for _, part := range [][2]int64{{from, min(to, from+most)}, {max(from, to-most), to}} {
		p := make([]byte, part[1]-part[0])
		n, err := f.ReadAt(p, part[0])
		if err != nil {
			return err
		}
		if k := run(p[:n], true); n < len(p) || k < n {
			return fmt.Errorf("a hole from %d to %d has %d of %d bytes, zero up to %d", from, to, n, len(p), part[0]+int64(k))
		}
	}
	return nil
}
