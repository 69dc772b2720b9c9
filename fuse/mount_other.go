//go:build !linux

package fuse

import (
	"context"
	"errors"

	"extant/ext4"
)

// errSystem is what Mount answers where there is no FUSE that this package speaks.
var errSystem = errors.New("mounting is for Linux")

// A Server answers the kernel's requests for one mount.
type Server struct{}

// Mount is for Linux: here it returns an error that says so.
func Mount(*ext4.FS, string, Options) (*Server, error) { return nil, errSystem }

// Unmount does nothing.
func (s *Server) Unmount() error { return errSystem }

// Wait does nothing.
func (s *Server) Wait() {}

// Unmount is for Linux: here it returns an error that says so.
func Unmount(context.Context, string) error { return errSystem }

// Remount is for Linux: here it returns an error that says so.
func Remount(string, Options) error { return errSystem }

// Detach is for Linux: here it returns an error that says so.
func Detach(string) error { return errSystem }
