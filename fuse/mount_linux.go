package fuse

import (
	"errors"
	"log"
	"os"
	"time"

	"github.com/hanwen/go-fuse/v2/fuse"

	"extant/ext4"
)

// fsType is what follows "fuse." in the type of the mount.
const fsType = "extant"

const (
	requestMax   = 1 << 20              // bytes in a READ or WRITE
	inflightMax  = 16 << 20             // bytes of requests that are being answered
	backgroundOf = 64                   // requests of readahead and writeback that may wait at once
	validity     = 365 * 24 * time.Hour // of names and attributes: nobody else changes them
)

// A Server answers the kernel's requests for one mount.
type Server struct {
	f      *files
	server *fuse.Server
	done   chan struct{}
}

// Mount shows fs in the directory dir, which is usable when Mount returns. fs stays the caller's, to be closed after Wait. Without root the
// program fusermount3 is what mounts.
func Mount(fs *ext4.FS, dir string, o Options) (*Server, error) {
	if o.Log == nil {
		o.Log = log.Default()
	}
	f := newFiles(fs, o)
	server, err := fuse.NewServer(f, dir, mountOptions(o))
	if err != nil {
		return nil, err
	}
	s := &Server{f: f, server: server, done: make(chan struct{})}
	go s.serve()
	if err := server.WaitMount(); err != nil {
		return nil, errors.Join(err, server.Unmount())
	}
	tune(dir)
	return s, nil
}

func (s *Server) serve() {
	defer close(s.done)
	s.server.Serve()
	s.f.nodes.releaseAll()
}

// Unmount ends the mount, and waits until the last request is answered. It fails while files in it are in use.
func (s *Server) Unmount() error {
	if err := s.server.Unmount(); err != nil {
		return err
	}
	s.Wait()
	return nil
}

// Wait returns when the mount has ended, by whomever, and fs is not used any more.
func (s *Server) Wait() { <-s.done }

func mountOptions(o Options) *fuse.MountOptions {
	m := &fuse.MountOptions{
		AllowOther:               o.AllowOther,
		FsName:                   o.Source,
		Name:                     fsType,
		MaxWrite:                 requestMax,
		MaxReadAhead:             requestMax,
		MaxBackground:            backgroundOf,
		MaxInflightRequestBytes:  inflightMax,
		EnableSymlinkCaching:     true,
		ExplicitDataCacheControl: true,
		EnableAcl:                true,
		DisableSplice:            true, // what is read lies in memory: a pipe would be one more way for it to go
		Logger:                   o.Log,
		Debug:                    o.Trace,
		DirectMountStrict:        os.Geteuid() == 0,
		DisabledCapabilities:     fuse.CAP_PASSTHROUGH,
		ExtraCapabilities: fuse.CAP_DONT_MASK | fuse.CAP_HANDLE_KILLPRIV_V2 | fuse.CAP_SETXATTR_EXT | fuse.CAP_NO_OPENDIR_SUPPORT |
			fuse.CAP_READDIRPLUS_AUTO | fuse.CAP_EXPORT_SUPPORT | fuse.CAP_IOCTL_DIR | fuse.CAP_ASYNC_DIO,
	}
	if !o.WriteThrough {
		m.ExtraCapabilities |= fuse.CAP_WRITEBACK_CACHE
	}
	m.DirectMountFlags, m.Options = mountFlags(o)
	return m
}
