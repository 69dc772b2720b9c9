package conform

import (
	"runtime/debug"

	"golang.org/x/sys/unix"
)

// mapCalls map files.
var mapCalls = map[string]func(*caller, *operands) string{
	"map":   mapFile,
	"unmap": unmap,
	"load":  load,
	"store": store,
	"msync": func(c *caller, a *operands) string { return ok(unix.Msync(c.maps[a.word()], unix.MS_SYNC)) },
}

var (
	protections = map[string]int{"r": unix.PROT_READ, "w": unix.PROT_WRITE, "x": unix.PROT_EXEC}
	mapKinds    = map[string]int{"shared": unix.MAP_SHARED, "private": unix.MAP_PRIVATE}
)

// map NAME &FILE OFFSET LENGTH PROTECTION KIND
func mapFile(c *caller, a *operands) string {
	name, fd := a.word(), a.fd()
	off, length := a.num(), a.num()
	prot := a.flags(protections)
	m, err := unix.Mmap(fd, off, int(length), prot, a.flags(mapKinds))
	if err == nil {
		c.maps[name] = m
	}
	return ok(err)
}

func unmap(c *caller, a *operands) string {
	name := a.word()
	err := unix.Munmap(c.maps[name])
	delete(c.maps, name)
	return ok(err)
}

// faults makes do's result of a memory access that the system refuses.
func faults(do func() string) (result string) {
	before := debug.SetPanicOnFault(true)
	defer func() {
		debug.SetPanicOnFault(before)
		if recover() != nil {
			result = "ESIGBUS"
		}
	}()
	return do()
}

// load NAME OFFSET LENGTH
func load(c *caller, a *operands) string {
	m := c.maps[a.word()]
	off, length := a.num(), a.num()
	return faults(func() string {
		buf := make([]byte, length)
		copy(buf, m[off:off+length])
		return shown(buf)
	})
}

// store NAME OFFSET DATA
func store(c *caller, a *operands) string {
	m := c.maps[a.word()]
	off, data := a.num(), a.word()
	return faults(func() string {
		copy(m[off:], data)
		return "ok"
	})
}
