package model

import "syscall"

// Mapping is a file that is mapped into memory and shared. It outlives the File it was made from. What a mapping shows past the end
// of the file cannot be touched.
type Mapping struct {
	f        *FS
	n        *node
	writable bool
}

// Map maps the whole file.
func (o *File) Map() (*Mapping, error) {
	switch {
	case !o.n.isRegular():
		return nil, syscall.ENODEV
	case o.flags&OpenRead == 0:
		return nil, syscall.EACCES
	}
	return &Mapping{f: o.f, n: o.n, writable: o.flags&OpenWrite != 0}, nil
}

// Load reads at an offset. Past the end there is nothing, and no error.
func (m *Mapping) Load(p []byte, off int64) (int, error) { return m.n.data.read(p, off), nil }

// Store writes at an offset what lies before the end of the file.
func (m *Mapping) Store(p []byte, off int64) (int, error) {
	if !m.writable {
		return 0, syscall.EACCES
	}
	p = p[:min(int64(len(p)), max(0, m.n.data.size-off))]
	m.n.data.write(p, off)
	if m.n.data.size > 0 { // a store behind the end may touch the page in which the file ends
		m.n.mtime, m.n.ctime = AnyTime, AnyTime
	}
	return len(p), nil
}

// Sync makes what was stored durable.
func (m *Mapping) Sync() error { return nil }

// Close ends the mapping.
func (m *Mapping) Close() error { return nil }
