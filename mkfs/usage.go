package mkfs

// A usage is a set of defaults for one way of using a file system (a stanza of mke2fs.conf).
type usage struct {
	name          string
	blockSize     int // bytes; 0: that of the usage before, below zero: the page size
	inodeSize     int
	bytesPerInode int64
}

var usages = []usage{
	{"default", 4096, 256, 16384},
	{"floppy", 1024, 0, 8192},
	{"small", 1024, 0, 4096},
	{"big", 0, 0, 32768},
	{"huge", 0, 0, 65536},
	{"news", 0, 0, 4096},
	{"largefile", -1, 0, 1 << 20},
	{"largefile4", -1, 0, 4 << 20},
	{"hurd", 4096, 128, 0},
}

// pageSize stands for the page of the machine that will mount: the same everywhere, so that images are.
const pageSize = 4096

func usageNamed(name string) (usage, error) {
	for _, u := range usages {
		if u.name == name {
			return u, nil
		}
	}
	return usage{}, invalid("-T", "unknown usage type %q", name)
}

// usageForSize names the usage that mke2fs picks for a file system of size bytes.
func usageForSize(size int64) string {
	const mib = 1 << 20
	switch {
	case size < 3*mib:
		return "floppy"
	case size < 512*mib:
		return "small"
	case size < 4<<20*mib:
		return "default"
	case size < 16<<20*mib:
		return "big"
	}
	return "huge"
}

// over lays u over v: what u leaves open stays as v has it.
func (u usage) over(v usage) usage {
	if u.blockSize != 0 {
		v.blockSize = u.blockSize
	}
	if v.blockSize < 0 {
		v.blockSize = pageSize
	}
	if u.inodeSize != 0 {
		v.inodeSize = u.inodeSize
	}
	if u.bytesPerInode != 0 {
		v.bytesPerInode = u.bytesPerInode
	}
	v.name = u.name
	return v
}

// usageFor combines the usages that the options name, or the one for the size.
func usageFor(names []string, size int64) (usage, error) {
	if len(names) == 0 {
		names = []string{usageForSize(size)}
	}
	all := usages[0]
	for _, name := range names {
		u, err := usageNamed(name)
		if err != nil {
			return all, err
		}
		all = u.over(all)
	}
	return all, nil
}
