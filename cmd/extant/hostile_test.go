package main

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// hostileVerbs are verbs that between them read every structure.
var hostileVerbs = []string{
	"ls -laR --json disk.img", "cat disk.img:/etc/hosts", "stat --extents --json disk.img:/etc/hosts disk.img:/holes disk.img:/bin", "tree --json disk.img", "find disk.img -xattr x -o -empty",
	"du -a --json disk.img", "info -g --json disk.img", "dump --json disk.img", "dump --json disk.img:/etc", "dump --json disk.img dir /etc", "dump --json disk.img htree /", "dump --json disk.img extents /holes",
	"dump --json disk.img xattr /etc/hosts", "dump --json disk.img journal", "dump --json disk.img orphan", "dump --json disk.img group 0", "partitions --json disk.img",
	"__complete ls disk.img:/", "ls --superblock 1 --noload --truncated disk.img",
}

// TestHostileImages runs them on images with bytes changed at random: what a verb says is an error, never a panic, and its JSON stays JSON.
// Without checksums the damage reaches the code behind them.
func TestHostileImages(t *testing.T) {
	image := makeImage(t)
	t.Chdir(filepath.Dir(image))
	clean, err := os.ReadFile(image)
	if err != nil {
		t.Fatal(err)
	}
	plain := bytes.Clone(clean)
	plain[1024+0x65] &^= 0x04 // metadata_csum
	used := usedBytes(plain)
	rounds := 60
	if testing.Short() {
		rounds = 10
	}
	codes := map[int]int{}
	for seed := range rounds {
		rnd := rand.New(rand.NewPCG(uint64(seed), 0))
		b := bytes.Clone(plain)
		for range 1 + rnd.IntN(20) {
			b[used[rnd.IntN(len(used))]] = [...]byte{0, 1, 0x7F, 0x80, 0xFF, byte(rnd.Uint32())}[rnd.IntN(6)]
		}
		if err := os.WriteFile(image, b, 0o644); err != nil {
			t.Fatal(err)
		}
		for _, verb := range hostileVerbs {
			args := strings.Fields(verb)
			r := extantRun(args...)
			codes[r.code]++
			if r.code > exitUnsupported || r.code == exitUsage && args[0] != "dump" {
				t.Errorf("seed %d: extant %s: exit code %d: %s", seed, verb, r.code, r.errors)
			}
			if slices.Contains(args, "--json") && !json.Valid([]byte(r.out)) {
				t.Errorf("seed %d: extant %s: not JSON: %.200q", seed, verb, r.out)
			}
		}
	}
	if codes[exitCorrupt] == 0 || codes[0] == 0 {
		t.Errorf("exit codes %v: the damage is not where it matters", codes)
	}
}

// usedBytes are the places of an image's bytes that are not zero, and those after them.
func usedBytes(image []byte) []int {
	var used []int
	for i, c := range image[1:] {
		if c != 0 || image[i] != 0 {
			used = append(used, i+1)
		}
	}
	return used
}

// TestTerminalSafety shows an odd name as to a terminal, and in messages.
func TestTerminalSafety(t *testing.T) {
	t.Chdir(filepath.Dir(makeOddImage(t)))
	for _, verb := range []string{"ls -b disk.img:/a", "ls -lb disk.img:/a", "stat disk.img:/a/" + oddName, "cat disk.img:/a/" + oddName + "x", "dump disk.img dir /a"} {
		r := extantRun(strings.Split(verb, " ")...)
		if strings.ContainsAny(r.out+r.errors, "\x1b\u202e\xff") || !strings.Contains(r.out+r.errors, `\377\033[2J\342\200\256`) {
			t.Errorf("%s: %q %q", verb, r.out, r.errors)
		}
	}
	for _, verb := range []string{"ls disk.img:/a", "find disk.img -print0"} {
		if r := extantRun(strings.Fields(verb)...); !strings.Contains(r.out, oddName) {
			t.Errorf("%s into a pipe: %q", verb, r.out)
		}
	}
}
