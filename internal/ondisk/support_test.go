package ondisk_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"extant/internal/ondisk"
)

// verdict is what may be done with an image that has one feature.
type verdict struct{ read, write, check bool }

var (
	all      = verdict{true, true, true}
	readOnly = verdict{true, false, false}
	noWrite  = verdict{true, false, true}
	noCheck  = verdict{true, true, false}
	nothing  = verdict{}
)

// TestSupport asks for each of the 96 bits.
func TestSupport(t *testing.T) {
	compat := map[int]verdict{0: all, 1: readOnly, 2: all, 3: all, 4: all, 5: all, 6: readOnly, 8: readOnly, 9: all, 10: all, 11: all, 12: all}
	incompat := map[int]verdict{0: nothing, 1: all, 2: all, 3: nothing, 4: all, 6: all, 7: all, 8: all, 9: all, 10: all, 12: nothing, 13: all,
		14: all, 15: all, 16: all, 17: all}
	roCompat := map[int]verdict{0: all, 1: all, 2: all, 3: all, 4: all, 5: all, 6: all, 7: readOnly, 8: all, 9: all, 10: all, 11: readOnly,
		12: noWrite, 13: all, 14: noWrite, 15: all, 16: all}
	for bit := range 32 {
		f := uint32(1) << bit
		checkSupport(t, ondisk.Super{FeatureCompat: f}, ondisk.Compat(f).Names(), compat, bit, noCheck)
		checkSupport(t, ondisk.Super{FeatureIncompat: f}, ondisk.Incompat(f).Names(), incompat, bit, nothing)
		checkSupport(t, ondisk.Super{FeatureROCompat: f}, ondisk.ROCompat(f).Names(), roCompat, bit, readOnly)
	}
}

func checkSupport(t *testing.T, s ondisk.Super, names []string, table map[int]verdict, bit int, unknown verdict) {
	t.Helper()
	want, known := table[bit]
	if !known {
		want = unknown
		if !strings.HasPrefix(names[0], "FEATURE_") {
			t.Errorf("bit %d is named %s, but in no table", bit, names[0])
		}
	}
	for _, c := range []struct {
		what string
		err  error
		ok   bool
	}{
		{"reading", s.ReadSupport(), want.read}, {"writing", s.WriteSupport(), want.write}, {"checking", s.CheckSupport(), want.check},
	} {
		var u *ondisk.UnsupportedError
		switch {
		case c.ok && c.err != nil:
			t.Errorf("%s refused with %s: %v", c.what, names[0], c.err)
		case !c.ok && (!errors.As(c.err, &u) || !slices.Equal(u.Features, names) || !strings.Contains(c.err.Error(), names[0])):
			t.Errorf("%s with %s: error %v", c.what, names[0], c.err)
		}
	}
}

// TestFeatureNames wants each bit named once, and those without a name told apart.
func TestFeatureNames(t *testing.T) {
	seen := map[string]string{}
	note := func(word string, bit int, names []string) {
		at := fmt.Sprintf("%s bit %d", word, bit)
		if len(names) != 1 || seen[names[0]] != "" {
			t.Errorf("%s: %q, as is %s", at, names, seen[names[0]])
			return
		}
		seen[names[0]] = at
	}
	for bit := range 32 {
		note("compat", bit, ondisk.Compat(1<<bit).Names())
		note("incompat", bit, ondisk.Incompat(1<<bit).Names())
		note("ro_compat", bit, ondisk.ROCompat(1<<bit).Names())
	}
	if s := (ondisk.IncompatExtents | ondisk.Incompat64Bit | 1<<31).String(); s != "extent,64bit,FEATURE_I31" {
		t.Error(s)
	}
}
