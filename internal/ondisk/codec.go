package ondisk

import (
	"encoding/binary"
	"errors"
)

// ErrShort says that a buffer is too short to hold the structure asked of it.
var ErrShort = errors.New("buffer shorter than the structure")

// A Field is one field of a structure as Describe lists it.
type Field struct {
	Name   string // the kernel's name
	Offset int    // bytes from the start of the structure
	Size   int    // bytes
	Value  uint64 // the number, where Bytes is nil
	Bytes  []byte // the bytes of an array, aliasing the buffer described
}

// A structure lists its fields, in disk order, against a codec.
type structure interface {
	fields(c *codec)
}

type codecMode uint8

const (
	reading codecMode = iota
	writing
	describing
)

// codec walks a field list over a buffer in one of three modes. The caller has made sure that
// the buffer holds every field the list names.
type codec struct {
	mode codecMode
	big  bool // big-endian: the journal's structures
	off  int
	buf  []byte
	list []Field
}

// decode reads s from b, which must hold at least size bytes.
func decode(s structure, b []byte, size int) error {
	if len(b) < size {
		return ErrShort
	}
	s.fields(&codec{mode: reading, buf: b})
	return nil
}

// encode writes s to b, which must hold at least size bytes; the caller owns b, so a short one is a bug and panics.
func encode(s structure, b []byte, size int) {
	_ = b[size-1]
	s.fields(&codec{mode: writing, buf: b})
}

// describe lists the fields of the structure encoded in b. It decodes into s on the way.
func describe(s structure, b []byte, size int) ([]Field, error) {
	if len(b) < size {
		return nil, ErrShort
	}
	c := &codec{mode: describing, buf: b}
	s.fields(c)
	return c.list, nil
}

// decodeBig, encodeBig and describeBig do the same for big-endian structures.
func decodeBig(s structure, b []byte, size int) error {
	if len(b) < size {
		return ErrShort
	}
	s.fields(&codec{mode: reading, big: true, buf: b})
	return nil
}

func encodeBig(s structure, b []byte, size int) {
	_ = b[size-1]
	s.fields(&codec{mode: writing, big: true, buf: b})
}

func describeBig(s structure, b []byte, size int) ([]Field, error) {
	if len(b) < size {
		return nil, ErrShort
	}
	c := &codec{mode: describing, big: true, buf: b}
	s.fields(c)
	return c.list, nil
}

// left is the number of bytes between the cursor and the end of the buffer.
func (c *codec) left() int { return len(c.buf) - c.off }

func (c *codec) note(name string, off, size int, v uint64) {
	c.list = append(c.list, Field{Name: name, Offset: off, Size: size, Value: v})
}

func (c *codec) u8(name string, v *uint8) {
	o := c.off
	c.off++
	if c.mode == writing {
		c.buf[o] = *v
		return
	}
	*v = c.buf[o]
	if c.mode == describing {
		c.note(name, o, 1, uint64(*v))
	}
}

func (c *codec) u16(name string, v *uint16) {
	o := c.off
	c.off += 2
	b := c.buf[o : o+2]
	switch {
	case c.mode == writing && c.big:
		binary.BigEndian.PutUint16(b, *v)
		return
	case c.mode == writing:
		binary.LittleEndian.PutUint16(b, *v)
		return
	case c.big:
		*v = binary.BigEndian.Uint16(b)
	default:
		*v = binary.LittleEndian.Uint16(b)
	}
	if c.mode == describing {
		c.note(name, o, 2, uint64(*v))
	}
}

func (c *codec) u32(name string, v *uint32) {
	o := c.off
	c.off += 4
	b := c.buf[o : o+4]
	switch {
	case c.mode == writing && c.big:
		binary.BigEndian.PutUint32(b, *v)
		return
	case c.mode == writing:
		binary.LittleEndian.PutUint32(b, *v)
		return
	case c.big:
		*v = binary.BigEndian.Uint32(b)
	default:
		*v = binary.LittleEndian.Uint32(b)
	}
	if c.mode == describing {
		c.note(name, o, 4, uint64(*v))
	}
}

func (c *codec) u64(name string, v *uint64) {
	o := c.off
	c.off += 8
	b := c.buf[o : o+8]
	switch {
	case c.mode == writing && c.big:
		binary.BigEndian.PutUint64(b, *v)
		return
	case c.mode == writing:
		binary.LittleEndian.PutUint64(b, *v)
		return
	case c.big:
		*v = binary.BigEndian.Uint64(b)
	default:
		*v = binary.LittleEndian.Uint64(b)
	}
	if c.mode == describing {
		c.note(name, o, 8, uint64(*v))
	}
}

// bytes carries an array of bytes: text, identifiers, reserved space.
func (c *codec) bytes(name string, v []byte) {
	o := c.off
	c.off += len(v)
	b := c.buf[o : o+len(v)]
	if c.mode == writing {
		copy(b, v)
		return
	}
	copy(v, b)
	if c.mode == describing {
		c.list = append(c.list, Field{Name: name, Offset: o, Size: len(v), Bytes: b})
	}
}

// u32s carries an array of 32-bit numbers; Describe names them name[0], name[1] and so on.
func (c *codec) u32s(name string, v []uint32) {
	for i := range v {
		n := name
		if c.mode == describing {
			n = indexed(name, i)
		}
		c.u32(n, &v[i])
	}
}
