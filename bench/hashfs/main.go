// Command hashfs hashes every regular file of an image through fs.FS, and prints one digest of all.
//
//	hashfs [-j TASKS] IMAGE[#PARTITION]
//
// The digest is the SHA-256 of a line per file, in the order of the walk: the file's SHA-256 and its path. It knows nothing of
// ext4: it would hash any fs.FS.
package main

import (
	"crypto/sha256"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"log"
	"sync"

	"extant"
)

func main() {
	log.SetFlags(0)
	tasks := flag.Int("j", 2, "files hashed at the same time")
	flag.Parse()
	vol, err := extant.OpenWith(flag.Arg(0), extant.Options{CacheBytes: 16 << 20})
	if err != nil {
		log.Fatal(err)
	}
	defer vol.Close()
	digest, files, err := hashAll(vol.FS(), *tasks)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%x  %d files\n", digest, files)
}

// A job is a file to hash, and then what came of it.
type job struct {
	name string
	sum  [sha256.Size]byte
	err  error
}

// hashAll hashes all regular files of fsys with a number of tasks.
func hashAll(fsys fs.FS, tasks int) (digest []byte, files int, err error) {
	queue := make(chan *job, 1024)
	var wg sync.WaitGroup
	for range tasks {
		wg.Go(func() {
			h := hasher{fsys: fsys, buf: make([]byte, 256<<10)}
			for j := range queue {
				j.sum, j.err = h.hash(j.name)
			}
		})
	}
	var jobs []*job
	err = fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		j := &job{name: name}
		jobs = append(jobs, j)
		queue <- j
		return nil
	})
	close(queue)
	wg.Wait()
	total := sha256.New()
	for _, j := range jobs {
		if err == nil {
			err = j.err
		}
		fmt.Fprintf(total, "%x  %s\n", j.sum, j.name)
	}
	return total.Sum(nil), len(jobs), err
}

// A hasher hashes one file after another.
type hasher struct {
	fsys fs.FS
	buf  []byte
}

func (h *hasher) hash(name string) (sum [sha256.Size]byte, err error) {
	f, err := h.fsys.Open(name)
	if err != nil {
		return sum, err
	}
	defer f.Close()
	s := sha256.New()
	for {
		n, err := f.Read(h.buf)
		s.Write(h.buf[:n])
		if err == io.EOF {
			return [sha256.Size]byte(s.Sum(nil)), nil
		}
		if err != nil {
			return sum, err
		}
	}
}
