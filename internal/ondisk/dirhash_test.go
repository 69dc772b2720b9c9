package ondisk_test

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"extant/internal/ondisk"
)

// seedOf reads a seed as tune2fs and debugfs take it.
func seedOf(t *testing.T, uuid string) (seed [4]uint32) {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(uuid, "-", ""))
	if err != nil || len(b) != 16 {
		t.Fatalf("seed %q: %v", uuid, err)
	}
	for i := range seed {
		seed[i] = binary.LittleEndian.Uint32(b[4*i:])
	}
	return seed
}

func TestHashName(t *testing.T) {
	text, err := os.ReadFile("testdata/dirhash.txt")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		var version uint8
		var uuid, name string
		var want ondisk.NameHash
		if _, err := fmt.Sscanf(line, "%d %s %s %v %v", &version, &uuid, &name, &want.Major, &want.Minor); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		raw, err := hex.DecodeString(name)
		if err != nil {
			t.Fatal(err)
		}
		got, err := ondisk.HashName(ondisk.HashVersion(version), seedOf(t, uuid), raw)
		if err != nil || got != want {
			t.Errorf("%v of %q, seed %s: %#x, %v, want %#x", ondisk.HashVersion(version), raw, uuid, got, err, want)
		}
		n++
	}
	if n < 300 {
		t.Errorf("only %d hashes compared", n)
	}
}

// TestHashNameDebugfs compares names made at random with e2fsprogs.
func TestHashNameDebugfs(t *testing.T) {
	rnd := rand.New(rand.NewPCG(5, 6))
	const uuid = "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9"
	var script strings.Builder
	var want []string
	for i := range 600 {
		name := randomName(rnd)
		v := ondisk.HashVersion(i % 6)
		fmt.Fprintf(&script, "dx_hash -h %d -s %s \"%s\"\n", v, uuid, name)
		h, err := ondisk.HashName(v, seedOf(t, uuid), name)
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, fmt.Sprintf("Hash of %s is 0x%0x (minor 0x%0x)", name, h.Major, h.Minor))
	}
	file := filepath.Join(t.TempDir(), "script")
	if err := os.WriteFile(file, []byte(script.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	var got []string
	for line := range strings.Lines(tool(t, "debugfs", "-f", file)) {
		if strings.HasPrefix(line, "Hash of ") {
			got = append(got, strings.TrimSuffix(line, "\n"))
		}
	}
	if len(got) != len(want) {
		t.Fatalf("%d answers to %d questions", len(got), len(want))
	}
	for i := range got {
		if got[i] != want[i] {
			t.Errorf("debugfs: %s\nhere:    %s", got[i], want[i])
		}
	}
}

// randomName makes a name that debugfs's command line can carry.
func randomName(rnd *rand.Rand) []byte {
	name := make([]byte, 1+rnd.IntN(255))
	for i := range name {
		for name[i] <= ' ' || strings.IndexByte(`"/-`, name[i]) >= 0 {
			name[i] = byte(rnd.Uint32())
		}
	}
	return name
}

func TestHashNameUnsupported(t *testing.T) {
	for v, want := range map[ondisk.HashVersion]string{ondisk.HashSip: "siphash", 7: "hash version 7", 255: "hash version 255"} {
		_, err := ondisk.HashName(v, [4]uint32{}, []byte("x"))
		var u *ondisk.UnsupportedError
		if !errors.As(err, &u) || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v", v, err)
		}
	}
}

func TestSuperHashVersion(t *testing.T) {
	s := ondisk.Super{Flags: ondisk.FlagSignedHash}
	if v := s.HashVersion(1); v != ondisk.HashHalfMD4 {
		t.Errorf("signed: %v", v)
	}
	s.Flags = ondisk.FlagUnsignedHash
	for stored, want := range []ondisk.HashVersion{3, 4, 5, 3, 4, 5, 6} {
		if v := s.HashVersion(uint8(stored)); v != want {
			t.Errorf("unsigned %d: %v, want %v", stored, v, want)
		}
	}
}

func BenchmarkHashHalfMD4(b *testing.B) {
	name := []byte("file-000123.txt")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ondisk.HashName(ondisk.HashHalfMD4, [4]uint32{1, 2, 3, 4}, name); err != nil {
			b.Fatal(err)
		}
	}
}

// TestHashNameEOF hashes a name to the number that stands for the end of a directory: it gets the hash before that one.
func TestHashNameEOF(t *testing.T) {
	h, err := ondisk.HashName(ondisk.HashLegacy, [4]uint32{}, []byte("au0yfdr"))
	if err != nil || h.Major != 0xFFFFFFFC {
		t.Errorf("%#x, %v", h, err)
	}
}
