package disktest_test

import (
	"errors"
	"strings"
	"syscall"
	"testing"

	. "extant/disk/disktest"

	"extant/disk"
)

var errBad = errors.New("bad cable")

// do makes seven operations on d and tells by a letter each whether they failed:
// reads at 0 and 600, writes at 0 and 600, a flush, discards at 0 and 600.
func do(d disk.Device) string {
	p := make([]byte, 100)
	results := make([]error, 0, 7)
	for _, off := range []int64{0, 600} {
		_, err := d.ReadAt(p, off)
		results = append(results, err)
	}
	for _, off := range []int64{0, 600} {
		_, err := d.WriteAt(p, off)
		results = append(results, err)
	}
	results = append(results, d.Flush(), d.Discard(0, 100), d.Discard(600, 100))
	var b strings.Builder
	for i, err := range results {
		if err != nil {
			b.WriteByte('-')
		} else {
			b.WriteByte("rrwwfdd"[i])
		}
	}
	return b.String()
}

func TestInjectors(t *testing.T) {
	eio := Fail(syscall.EIO)
	for _, c := range []struct {
		inj        Injector
		want, text string
	}{
		{Any(), "rrwwfdd", "(any)"},
		{eio, "-------", "(fail EIO)"},
		{Fail(errBad), "-------", `(fail "bad cable")`},
		{On(Read|Flush, eio), "--ww-dd", "(on read|flush (fail EIO))"},
		{On(Write, Nth(2, eio)), "rrw-fdd", "(on write (nth 2 (fail EIO)))"},
		{Nth(2, On(Write, eio)), "rrwwfdd", "(nth 2 (on write (fail EIO)))"},
		{From(5, eio), "rrww---", "(from 5 (fail EIO))"},
		{Within(99, 1, eio), "-r-wf-d", "(within 99+1 (fail EIO))"},
		{Within(100, 500, eio), "rrwwfdd", "(within 100+500 (fail EIO))"},
		{Any(Nth(1, eio), On(Discard, Tear(5, syscall.ENOSPC))), "-rwwf--", "(any (nth 1 (fail EIO)) (on discard (tear 5 ENOSPC)))"},
	} {
		d := NewFaulty(disk.NewMem(1000), c.inj)
		if got := do(d); got != c.want || d.String() != c.text {
			t.Errorf("%v: %s, want %s: %s", d, got, c.text, c.want)
		}
		if d.Ops() != 7 || len(d.Faults()) != strings.Count(c.want, "-") {
			t.Errorf("%v: %d operations, failed %v", d, d.Ops(), d.Faults())
		}
	}
}

func TestTear(t *testing.T) {
	m := disk.NewMem(8)
	m.WriteAt([]byte("original"), 0)
	d := NewFaulty(m, On(Read|Write|Discard, Nth(1, Any(Tear(3, errBad)))))
	if n, err := d.WriteAt([]byte("REPLACED"), 0); n != 3 || err != errBad {
		t.Errorf("torn write: %d, %v", n, err)
	}
	if got := content(t, m); string(got) != "REPginal" {
		t.Errorf("after a torn write: %q", got)
	}
	d = NewFaulty(m, Tear(3, errBad))
	p := []byte("........")
	if n, err := d.ReadAt(p, 0); n != 3 || err != errBad || string(p) != "REP....." {
		t.Errorf("short read: %d, %v, %q", n, err, p)
	}
	if err := d.Discard(1, 7); err != errBad {
		t.Errorf("torn discard: %v", err)
	}
	if got := content(t, m); string(got) != "R\x00\x00\x00inal" {
		t.Errorf("after a torn discard: %q", got)
	}
	if n, err := d.WriteAt([]byte("ab"), 7); n != 0 || err == nil {
		t.Errorf("torn write beyond the end: %d, %v", n, err)
	}
	if n, err := NewFaulty(m, Tear(100, errBad)).WriteAt([]byte("ab"), 0); n != 2 || err != errBad {
		t.Errorf("write torn after its end: %d, %v", n, err)
	}
}
