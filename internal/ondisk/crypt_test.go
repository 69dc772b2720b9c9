package ondisk_test

import (
	"bytes"
	"crypto/sha256"
	"math/rand/v2"
	"strings"
	"testing"

	"extant/internal/ondisk"
)

func TestCryptContextForms(t *testing.T) {
	rnd := rand.New(rand.NewPCG(5, 6))
	for version, want := range map[byte]map[string]int{
		1: {"contents_encryption_mode": 1, "flags": 3, "master_key_descriptor": 4, "nonce": 12},
		2: {"filenames_encryption_mode": 2, "log2_data_unit_size": 4, "master_key_identifier": 8, "nonce": 24},
	} {
		size := map[byte]int{1: 28, 2: 40}[version]
		b := randomBytes(rnd, size)
		b[0] = version
		checkLossless(t, new(ondisk.CryptContext), b, randomBytes(rnd, size))
		fields, err := new(ondisk.CryptContext).Describe(b)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range fields {
			if at, ok := want[f.Name]; ok && at != f.Offset {
				t.Errorf("version %d: %s at %d, want %d", version, f.Name, f.Offset, at)
			}
			delete(want, f.Name)
		}
		if len(want) != 0 {
			t.Errorf("version %d lacks %v", version, want)
		}
	}
}

func TestCryptContextRefuses(t *testing.T) {
	for _, b := range [][]byte{nil, {0}, {3}, {1}, append([]byte{1}, make([]byte, 39)...), append([]byte{2}, make([]byte, 27)...)} {
		if err := new(ondisk.CryptContext).Decode(b); err == nil {
			t.Errorf("%x decodes", b)
		}
	}
}

func TestCryptModeNames(t *testing.T) {
	for m, want := range map[ondisk.CryptMode]string{1: "AES-256-XTS", 10: "AES-256-HCTR2", 0: "", 3: "", 11: "", 255: ""} {
		if got := m.String(); got != want {
			t.Errorf("mode %d is %q, want %q", m, got, want)
		}
	}
}

func TestNoKeyNameKnownValue(t *testing.T) {
	n, ok := ondisk.MakeNoKeyName([]byte("\xFB\xEF\xBE0123456789abc"), 0x03020100, 0x07060504)
	if !ok {
		t.Fatal("refused")
	}
	// Three bytes are four letters, so the first nine bytes and the next three each stand by themselves.
	if got, want := n.String(), "AAECAwQFBgf7774wMTIzNDU2Nzg5YWJj"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestNoKeyNameLengths(t *testing.T) {
	rnd := rand.New(rand.NewPCG(7, 8))
	for n := range 256 {
		name := randomBytes(rnd, n)
		shown, ok := ondisk.MakeNoKeyName(name, 1, 2)
		if ok != (n >= 16) {
			t.Fatalf("%d bytes: %v", n, ok)
		}
		if !ok {
			continue
		}
		s := shown.String()
		if len(s) > 252 || strings.ContainsAny(s, "/=+") || n > 149 != (len(s) == 252) {
			t.Fatalf("%d bytes are shown as %q", n, s)
		}
		back, ok := ondisk.ParseNoKeyName(s)
		if !ok || back.Hash != 1 || back.MinorHash != 2 || !back.Matches(name) {
			t.Fatalf("%d bytes: %+v does not match", n, back)
		}
		for _, at := range []int{0, n - 1} {
			other := bytes.Clone(name)
			other[at]++
			if back.Matches(other) {
				t.Fatalf("%d bytes: matches with byte %d changed", n, at)
			}
		}
		if back.Matches(name[:n-1]) {
			t.Fatalf("%d bytes: matches a prefix", n)
		}
	}
}

func TestNoKeyNameRest(t *testing.T) {
	name := bytes.Repeat([]byte{7}, 200)
	n, _ := ondisk.MakeNoKeyName(name, 0, 0)
	if !n.Long || len(n.Bytes) != 149 || n.Rest != sha256.Sum256(name[149:]) {
		t.Errorf("%+v", n)
	}
}

func TestCryptSymlink(t *testing.T) {
	b := append([]byte{16, 0}, "0123456789abcdef\x00"...)
	got, err := ondisk.CryptSymlink(b)
	if err != nil || string(got) != "0123456789abcdef" {
		t.Errorf("%q, %v", got, err)
	}
	for _, bad := range [][]byte{nil, {16}, {0, 0}, {15, 0, 1, 2}, b[:17], append([]byte{0xFF, 0xFF}, b[2:]...)} {
		if _, err := ondisk.CryptSymlink(bad); err == nil {
			t.Errorf("%x passes", bad)
		}
	}
}

func FuzzNoKeyName(f *testing.F) {
	f.Add("AAECAwQFBgf7774wMTIzNDU2Nzg5YWJj")
	f.Add(strings.Repeat("A", 252))
	f.Add("AAECAwQFBgf7774wMTIzNDU2\nNzg5YWJj")
	f.Fuzz(func(t *testing.T, s string) {
		n, ok := ondisk.ParseNoKeyName(s)
		if !ok {
			return
		}
		if got := n.String(); got != s {
			t.Errorf("%q came back as %q", s, got)
		}
		if !n.Long && !n.Matches(n.Bytes) {
			t.Errorf("%q does not match itself", s)
		}
	})
}

func FuzzCryptContext(f *testing.F) {
	f.Add(append([]byte{1}, make([]byte, 27)...))
	f.Add(append([]byte{2}, make([]byte, 39)...))
	f.Fuzz(func(t *testing.T, b []byte) {
		var x ondisk.CryptContext
		if x.Decode(b) != nil {
			return
		}
		got := make([]byte, x.Size())
		x.Encode(got)
		if !bytes.Equal(got, b) {
			t.Errorf("%x came back as %x", b, got)
		}
	})
}
