package ondisk_test

import (
	"strings"
	"testing"

	"extant/internal/ondisk"
)

func TestUUIDText(t *testing.T) {
	const text = "00112233-4455-6677-8899-aabbccddeeff"
	u, err := ondisk.ParseUUID(strings.ToUpper(text))
	if err != nil {
		t.Fatal(err)
	}
	if u[0] != 0 || u[15] != 0xFF || u[6] != 0x66 || u.String() != text {
		t.Errorf("parsed as %x, printed as %s", u[:], u)
	}
}

func TestUUIDBadText(t *testing.T) {
	const good = "00112233-4455-6677-8899-aabbccddeeff"
	bad := []string{"", good[1:], good + "0", "{" + good[1:35] + "}", strings.ReplaceAll(good, "-", "")}
	for i := range good {
		bad = append(bad, good[:i]+"g"+good[i+1:])
	}
	for _, s := range bad {
		if u, err := ondisk.ParseUUID(s); err == nil {
			t.Errorf("%q parsed as %s", s, u)
		}
	}
}

// TestUUIDv5 checks against the values that RFC 9562 (appendix A.4) and its DNS name space give.
func TestUUIDv5(t *testing.T) {
	dns, err := ondisk.ParseUUID("6ba7b810-9dad-11d1-80b4-00c04fd430c8")
	if err != nil {
		t.Fatal(err)
	}
	const want = "2ed6657d-e927-568b-95e1-2665a8aea6a2"
	if got := ondisk.UUIDv5(dns, []byte("www.example.com")).String(); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestUUIDv4(t *testing.T) {
	for fill, want := range map[byte]string{
		0x00: "00000000-0000-4000-8000-000000000000",
		0xFF: "ffffffff-ffff-4fff-bfff-ffffffffffff",
	} {
		var random [16]byte
		for i := range random {
			random[i] = fill
		}
		if got := ondisk.UUIDv4(random).String(); got != want {
			t.Errorf("of %#x: %s, want %s", fill, got, want)
		}
	}
}

func TestMakeLabel(t *testing.T) {
	for _, c := range []struct {
		in, want string
		whole    bool
	}{
		{"", "", true},
		{"sixteen letters!", "sixteen letters!", true},
		{"seventeen letters", "seventeen letter", false},
		{"fifteen letters\u00e9", "fifteen letters", false},
		{"fourteen lett \u00e9", "fourteen lett \u00e9", true},
		{strings.Repeat("\x80", 20), "", false},
	} {
		label, whole := ondisk.MakeLabel(c.in)
		s := ondisk.Super{VolumeName: label}
		if s.Label() != c.want || whole != c.whole {
			t.Errorf("%q: %q %v, want %q %v", c.in, s.Label(), whole, c.want, c.whole)
		}
	}
}

func FuzzUUID(f *testing.F) {
	f.Add("00112233-4455-6677-8899-aabbccddeeff")
	f.Fuzz(func(t *testing.T, s string) {
		if u, err := ondisk.ParseUUID(s); err == nil && u.String() != strings.ToLower(s) {
			t.Errorf("%q came back as %s", s, u)
		}
	})
}
