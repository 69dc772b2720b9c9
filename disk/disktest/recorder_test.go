package disktest_test

import (
	"bytes"
	"errors"
	"fmt"
	"syscall"
	"testing"

	"extant/disk"
	"extant/disk/disktest"
)

func TestEveryPrefixOfATraceReplays(t *testing.T) {
	start := disk.NewMem(1 << 16)
	r := disktest.NewRecorder(start.Snapshot())
	want := []*disk.Mem{start.Snapshot()}
	mirror := start.Snapshot()
	buf := []byte("first")
	steps := []func(disk.Device) error{
		func(d disk.Device) error { _, err := d.WriteAt(buf, 100); return err },
		func(d disk.Device) error { return d.Flush() },
		func(d disk.Device) error { _, err := d.WriteAt(bytes.Repeat([]byte("second"), 2000), 102); return err },
		func(d disk.Device) error { return d.Discard(200, 8000) },
		func(d disk.Device) error { _, err := d.WriteAt([]byte("third"), 4096); return err },
	}
	for _, step := range steps {
		if err := errors.Join(step(r), step(mirror)); err != nil {
			t.Fatal(err)
		}
		want = append(want, mirror.Snapshot())
		copy(buf, "XXXXX") // the trace must have kept what was written
	}
	trace := r.Trace()
	if len(trace) != len(steps) {
		t.Fatalf("trace:\n%v", trace)
	}
	for n := range want {
		got := start.Snapshot()
		if err := trace[:n].Replay(got); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(content(t, got), content(t, want[n])) {
			t.Errorf("after %d of\n%v", n, trace)
		}
	}
}

func TestRecorderKeepsWhatWasDone(t *testing.T) {
	dev := disktest.NewFaulty(disk.NewMem(4096), disktest.Any(
		disktest.Nth(2, disktest.Tear(3, syscall.EIO)), disktest.On(disktest.Discard, disktest.Fail(syscall.EIO))))
	r := disktest.NewRecorder(dev)
	r.WriteAt([]byte("whole"), 0)
	if n, err := r.WriteAt([]byte("torn"), 512); n != 3 || err != syscall.EIO {
		t.Errorf("torn write: %d, %v", n, err)
	}
	r.Discard(0, 10)
	r.ReadAt(make([]byte, 10), 0)
	r.Mark("fsync returned")
	r.Flush()
	if _, err := r.WriteAt([]byte("beyond"), 4096); err == nil {
		t.Error("a write beyond the end succeeded")
	}
	want := "write 0+5\nwrite 512+3\nmark fsync returned\nflush\n"
	if got := r.Trace().String(); got != want {
		t.Errorf("trace:\n%swant:\n%s", got, want)
	}
	if got := r.Trace()[1].Data; string(got) != "tor" {
		t.Errorf("data of the torn write: %q", got)
	}
}

func TestReplayToADeviceThatCannotDiscard(t *testing.T) {
	m := disk.NewMem(4096)
	dev := disktest.NewFaulty(m, disktest.On(disktest.Discard, disktest.Fail(syscall.EOPNOTSUPP)))
	trace := disktest.Trace{{Kind: disktest.Discard, Len: 4096}, {Kind: disktest.Write, Len: 1, Data: []byte("x")}}
	if err := trace.Replay(dev); err != nil {
		t.Error(err)
	}
	if got := content(t, m)[0]; got != 'x' {
		t.Errorf("byte 0 is %q", got)
	}
	beyond := disktest.Trace{{Kind: disktest.Write, Off: 4096, Len: 1, Data: []byte("x")}}
	if err := beyond.Replay(dev); !errors.Is(err, syscall.EIO) {
		t.Errorf("write beyond the end: %v", err)
	}
}

func content(t *testing.T, d disk.Device) []byte {
	t.Helper()
	b := make([]byte, d.Size())
	if _, err := d.ReadAt(b, 0); err != nil {
		t.Fatal(err)
	}
	return b
}

func ExampleTrace_String() {
	r := disktest.NewRecorder(disk.NewMem(1 << 20))
	r.WriteAt(make([]byte, 4096), 8192)
	r.Flush()
	r.Mark("synced")
	r.Discard(0, 512)
	fmt.Print(r.Trace())
	// Output:
	// write 8192+4096
	// flush
	// mark synced
	// discard 0+512
}
