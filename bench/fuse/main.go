// Command fuse measures mounts of an image beside each other: the kernel's ext4 on a loop device, fuse2fs, extant mount, and go-fuse's loopback server on a
// directory, which is what a daemon in Go can reach. It wants root, fuse2fs and /dev/fuse.
//
//	go run ./fuse -rounds 3 -dir /dev/shm
//	go run ./fuse -into FILE -rounds 1 -servers kernel,extant      as often as one likes: FILE gathers the times of all, and the table is of all
//
// Every round formats anew for every server and does the same work: 1 GiB written in pieces of 1 MiB with an fsync, read by a new mount; 16,384 random pieces
// of 4 KiB read, and written with an fsync; the life of 5,000 small files (create and write, stat, list, read, unlink), by one client and, in a directory each,
// by two.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
)

var (
	allServers = []string{"kernel", "fuse2fs", "loopback", "extant"}
	allWorks   = []string{"seqwrite", "seqread", "randread", "randwrite", "meta", "meta2"}
)

var (
	rounds  = flag.Int("rounds", 3, "rounds")
	dir     = flag.String("dir", "/dev/shm", "where images lie")
	size    = flag.Int64("mib", 1024, "MiB written and read in order")
	files   = flag.Int("files", 5000, "small files")
	pieces  = flag.Int("pieces", 16384, "random pieces")
	only    = flag.String("servers", strings.Join(allServers, ","), "which to measure")
	works   = flag.String("works", strings.Join(allWorks, ","), "what to measure")
	extant  = flag.String("extant", "", "the program; built where it is not given")
	into    = flag.String("into", "", "a file that has the times of earlier runs and gets those of this one")
	options = flag.String("o", "", "options for extant mount")
)

func main() {
	log.SetFlags(0)
	if len(os.Args) == 4 && os.Args[1] == "loopback" {
		loopback(os.Args[2], os.Args[3])
		return
	}
	flag.Parse()
	work, err := os.MkdirTemp(*dir, "fusebench")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(work)
	if *extant == "" {
		*extant = filepath.Join(work, "extant")
		must("go", "build", "-C", "..", "-o", *extant, "./cmd/extant")
	}
	times := load()
	for range *rounds {
		for _, name := range strings.Split(*only, ",") {
			b := &bench{server: name, work: work, times: times}
			b.round()
			save(times)
		}
	}
	print(times)
}

// load reads the times of earlier runs, by server and work.
func load() map[string][]time.Duration {
	times := map[string][]time.Duration{}
	if text, err := os.ReadFile(*into); err == nil {
		check(json.Unmarshal(text, &times))
	}
	return times
}

func save(times map[string][]time.Duration) {
	if *into == "" {
		return
	}
	text, err := json.Marshal(times)
	check(err)
	check(os.WriteFile(*into, text, 0o644))
}

func print(times map[string][]time.Duration) {
	fmt.Printf("median seconds, and the number of rounds\n\n| work | %s |\n|---|%s\n", strings.Join(allServers, " | "), strings.Repeat("---|", len(allServers)))
	for _, w := range allWorks {
		fmt.Printf("| %s |", w)
		for _, s := range allServers {
			list := times[s+" "+w]
			if len(list) == 0 {
				fmt.Print(" |")
				continue
			}
			slices.Sort(list)
			fmt.Printf(" %.2f (%d) |", list[len(list)/2].Seconds(), len(list))
		}
		fmt.Println()
	}
}

func must(name string, args ...string) {
	cmd := exec.Command(name, args...)
	if out, err := cmd.CombinedOutput(); err != nil {
		log.Fatalf("%s %q: %v\n%s", name, args, err, out)
	}
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

// bench is one server in one round.
type bench struct {
	server, work string
	image, mnt   string
	daemon       *exec.Cmd
	times        map[string][]time.Duration
}

func (b *bench) round() {
	b.image, b.mnt = filepath.Join(b.work, "disk.img"), filepath.Join(b.work, "mnt")
	check(os.MkdirAll(b.mnt, 0o755))
	if b.server == "loopback" {
		check(os.MkdirAll(b.image, 0o755))
	} else {
		check(os.WriteFile(b.image, nil, 0o600))
		check(os.Truncate(b.image, 4<<30))
		must("mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=1", b.image)
	}
	for _, w := range strings.Split(*works, ",") {
		b.mount()
		f := map[string]func(){
			"seqwrite": b.seqWrite, "seqread": b.seqRead, "randread": b.randRead, "randwrite": b.randWrite,
			"meta": func() { b.meta("one") }, "meta2": b.meta2,
		}[w]
		start := time.Now()
		f()
		b.times[b.server+" "+w] = append(b.times[b.server+" "+w], time.Since(start))
		b.unmount()
	}
	if b.server == "extant" {
		must("e2fsck", "-fn", b.image)
	}
	check(os.RemoveAll(b.image))
}

func (b *bench) mount() {
	switch b.server {
	case "kernel":
		must("mount", "-o", "loop", b.image, b.mnt)
	case "fuse2fs":
		must("fuse2fs", "-o", "fakeroot", b.image, b.mnt)
	case "extant":
		args := []string{"mount", b.image, b.mnt}
		if *options != "" {
			args = append(args, "-o", *options)
		}
		must(*extant, args...)
	case "loopback":
		b.daemon = exec.Command(os.Args[0], "loopback", b.image, b.mnt)
		out, err := b.daemon.StdoutPipe()
		check(err)
		check(b.daemon.Start())
		_, err = io.ReadFull(out, make([]byte, 1))
		check(err)
	}
}

func (b *bench) unmount() {
	if b.server == "extant" {
		must(*extant, "umount", b.mnt)
		return
	}
	must("umount", b.mnt)
	if b.daemon != nil {
		check(b.daemon.Wait())
		b.daemon = nil
	}
	if b.server == "fuse2fs" {
		time.Sleep(time.Second) // it writes what is left after umount has returned
	}
}

// loopback serves a directory as go-fuse's example does, with long timeouts, cached pages and large requests.
func loopback(from, to string) {
	root, err := fs.NewLoopbackRoot(from)
	check(err)
	long := time.Hour
	s, err := fs.Mount(to, root, &fs.Options{
		EntryTimeout: &long, AttrTimeout: &long, NegativeTimeout: &long, NullPermissions: true,
		MountOptions: fuse.MountOptions{MaxWrite: 1 << 20, DirectMount: true, DisabledCapabilities: fuse.CAP_PASSTHROUGH, DisableXAttrs: true, Name: "loopback"},
	})
	check(err)
	signal.Ignore(syscall.SIGHUP)
	fmt.Print("r")
	s.Wait()
}

const piece = 1 << 20

func (b *bench) big() string { return filepath.Join(b.mnt, "big") }

func (b *bench) seqWrite() {
	f, err := os.Create(b.big())
	check(err)
	p := make([]byte, piece)
	for i := range *size {
		p[0], p[piece-1] = byte(i), byte(i>>8)
		_, err := f.Write(p)
		check(err)
	}
	check(f.Sync())
	check(f.Close())
}

func (b *bench) seqRead() {
	f, err := os.Open(b.big())
	check(err)
	p := make([]byte, piece)
	for {
		n, err := f.Read(p)
		if err == io.EOF {
			break
		}
		check(err)
		if n == 0 {
			log.Fatal("nothing read")
		}
	}
	check(f.Close())
}

const small = 4096

func (b *bench) random(do func(off int64)) {
	r := rand.New(rand.NewPCG(1, 2))
	for range *pieces {
		do(r.Int64N(*size*piece/small) * small)
	}
}

func (b *bench) randRead() {
	f, err := os.Open(b.big())
	check(err)
	p := make([]byte, small)
	b.random(func(off int64) {
		_, err := f.ReadAt(p, off)
		check(err)
	})
	check(f.Close())
}

func (b *bench) randWrite() {
	f, err := os.OpenFile(b.big(), os.O_RDWR, 0)
	check(err)
	p := make([]byte, small)
	b.random(func(off int64) {
		_, err := f.WriteAt(p, off)
		check(err)
	})
	check(f.Sync())
	check(f.Close())
}

func (b *bench) meta2() {
	var wg sync.WaitGroup
	for _, name := range []string{"a", "b"} {
		wg.Go(func() { b.meta(name) })
	}
	wg.Wait()
}

// meta is the life of small files.
func (b *bench) meta(name string) {
	dir := filepath.Join(b.mnt, name)
	check(os.Mkdir(dir, 0o755))
	at := func(i int) string { return filepath.Join(dir, fmt.Sprintf("file%05d", i)) }
	p := []byte(strings.Repeat("x", 500))
	each := func(do func(path string) error) {
		for i := range *files {
			check(do(at(i)))
		}
	}
	each(func(path string) error { return os.WriteFile(path, p, 0o644) })
	each(func(path string) error {
		_, err := os.Stat(path)
		return err
	})
	list, err := os.ReadDir(dir)
	check(err)
	if len(list) != *files {
		log.Fatalf("%d names", len(list))
	}
	each(func(path string) error {
		_, err := os.ReadFile(path)
		return err
	})
	each(os.Remove)
	check(os.Remove(dir))
}
