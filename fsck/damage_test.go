package fsck_test

import (
	"fmt"
	"strings"
	"testing"

	"extant/fsck"
)

// TestCatalogue damages images in every way of the catalogue: each is found with its code, and e2fsck has the code that the table names.
func TestCatalogue(t *testing.T) {
	names := make(map[string]bool)
	for _, d := range catalogue {
		if names[d.name] {
			t.Errorf("%q is there twice", d.name)
		}
		names[d.name] = true
		if !everything() {
			t.Run(d.name, func(t *testing.T) { found(t, d, 0) })
		}
	}
	for seed, d := range drawnDamage(2*shareOf, 5, 8) {
		if everything() || seed > 0 {
			t.Run(d.of(seed), func(t *testing.T) { found(t, d, seed) })
		}
	}
}

// found wants a damage to be found in an image of a seed, here and by e2fsck.
func found(t *testing.T, d damage, seed uint64) {
	v := victimOf(t, d.image, seed)
	d.do(v)
	r := check(t, v.b)
	if !r.Has(d.code) {
		t.Errorf("no %s; found %v", d.code, r.Findings)
	}
	for _, f := range r.Findings {
		if f.Detail == "" || f.Place.String() == "" && f.Place != (fsck.Place{}) {
			t.Errorf("%v says too little", f)
		}
	}
	compareE2fsck(t, d, v.b)
}

// compareE2fsck holds the table to what e2fsck calls a damage.
func compareE2fsck(t *testing.T, d damage, image []byte) {
	t.Helper()
	code, out, problems := e2fsck(t, image)
	p, ok := fsck.Lookup(d.code)
	if !ok {
		t.Fatalf("no problem of code %s", d.code)
	}
	want := p.E2fsck
	if d.other != "" {
		want = d.other
	}
	switch number := strings.ToLower(e2fsckCodes[want]); {
	case d.blind != "":
	case want == "" && code == 0:
		t.Errorf("e2fsck says that nothing is wrong\n%s", out)
	case want == "":
	case number == "":
		t.Errorf("no number for %s", want)
	case !problems[number]:
		t.Errorf("e2fsck has %s, not %s, and exits with %d\n%s", named(problems), want, code, out)
	}
}

// named is the names of e2fsck's problems, or their numbers.
func named(problems map[string]bool) string {
	var out []string
	for number := range problems {
		name := number
		for n, k := range e2fsckCodes {
			if strings.ToLower(k) == number {
				name = n
			}
		}
		out = append(out, name)
	}
	return fmt.Sprint(strings.Join(out, " "))
}

// TestCatalogueReaches wants every code in the catalogue but those that an edit cannot make, each with the reason.
func TestCatalogueReaches(t *testing.T) {
	elsewhere := map[fsck.Code]string{
		fsck.SuperFuture:          "TestFuture",
		fsck.BlockUnreadable:      "TestUnreadable",
		fsck.GroupTableUnreadable: "TestUnreadable",
		fsck.JournalReplay:        "TestReplay",
		fsck.JournalDamage:        "TestReplay",
		fsck.JournalFastCommits:   "what the kernel leaves there is up to it: see TestFastCommits",
		fsck.JournalFastDamage:    "likewise",
		fsck.MapTooBig:            "takes blocks of 16 KiB and terabytes",
		fsck.LinkOverflow:         "takes 65,000 directories",
	}
	met := make(map[fsck.Code]bool)
	for _, d := range catalogue {
		met[d.code] = true
	}
	for _, p := range fsck.Problems() {
		if !met[p.Code] && elsewhere[p.Code] == "" {
			t.Errorf("no damage makes %s", p.Code)
		}
	}
}
