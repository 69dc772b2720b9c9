// Command bench measures extant beside its peers: the same work, in the same run, in turn.
//
//	go run . [-n RUNS] [-dir DIR] [-run REGEXP] [-alone SHARE]     print a table row per case
//	go run . -trees -dir DIR                        only make the source trees
//	go run . -tenfold A -dir DIR                    only make the image of ten times a tree
//
// It wants a directory in memory (the default is under /dev/shm), about 6 GB free there, and for the cases
// that mount an image, root. A peer that is not installed is an error: a table without it would prove nothing.
package main

import (
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
)

func main() {
	log.SetFlags(0)
	n := flag.Int("n", 5, "counted runs of each command, after one warm-up")
	dir := flag.String("dir", "/dev/shm/extant-bench", "where trees and images lie; kept between runs")
	share := flag.Float64("alone", 0, "measure a pair again, ten times as often as asked for at most, when others had more than this `share` of a processor; 0: never")
	only := flag.String("run", "", "regular expression that chooses cases by name")
	onlyTrees := flag.Bool("trees", false, "make the source trees and stop")
	ten := flag.String("tenfold", "", "only make the image of ten times this tree")
	flag.Parse()
	b := &bench{dir: *dir, runs: *n, share: *share}
	if err := b.makeSources(); err != nil {
		log.Fatal(err)
	}
	if *ten != "" {
		if err := b.makeTenfold(*ten); err != nil {
			log.Fatal(err)
		}
	}
	if *onlyTrees || *ten != "" {
		return
	}
	if err := b.build(); err != nil {
		log.Fatal(err)
	}
	choose := regexp.MustCompile(*only)
	fmt.Printf("%s, %d cores, %s, median of %d\n\n", runtime.Version(), runtime.NumCPU(), kernel(), *n)
	fmt.Println("| case | extant wall s | cpu s | peak MiB | peer | peer wall s | cpu s | peak MiB | wall ratio | cpu ratio |")
	fmt.Println("|---|---|---|---|---|---|---|---|---|---|")
	for _, c := range b.cases() {
		if !choose.MatchString(c.name) {
			continue
		}
		row, err := b.measure(c)
		if err != nil {
			log.Fatalf("%s: %v", c.name, err)
		}
		fmt.Println(row)
	}
}

// bench is one run: where things lie and how often each command runs.
type bench struct {
	dir   string
	runs  int
	share float64 // of a processor that others may have
}

func (b *bench) path(name string) string { return filepath.Join(b.dir, name) }

// makeSources makes the source trees and their archives where they are missing.
func (b *bench) makeSources() error {
	if err := os.MkdirAll(b.dir, 0o755); err != nil {
		return err
	}
	if err := b.makeTrees(); err != nil {
		return err
	}
	for _, tree := range []string{"A", "B"} {
		archive := b.path(tree + ".tar")
		if _, err := os.Stat(archive); err == nil {
			continue
		}
		if err := exec.Command("tar", "-C", b.path(tree), "--sort=name", "-cf", archive, ".").Run(); err != nil {
			return fmt.Errorf("archive of %s: %w", tree, err)
		}
	}
	return nil
}

// build builds extant and the programs of this module.
func (b *bench) build() error {
	for _, p := range []struct{ name, dir, pkg string }{
		{"extant", "..", "./cmd/extant"},
		{"tar2ext4", ".", "./tar2ext4"},
		{"hashfs", ".", "./hashfs"},
	} {
		cmd := exec.Command("go", "build", "-o", b.path(p.name), p.pkg)
		cmd.Dir, cmd.Stderr = p.dir, os.Stderr
		cmd.Env = append(cmd.Environ(), "CGO_ENABLED=0") // as README.md says to build it
		if err := cmd.Run(); err != nil {
			return fmt.Errorf("build %s: %w", p.name, err)
		}
	}
	return nil
}

func kernel() string {
	out, err := exec.Command("uname", "-sr").Output()
	if err != nil {
		return runtime.GOOS
	}
	return strings.TrimSpace(string(out))
}
