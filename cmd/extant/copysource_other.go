//go:build !linux

package main

import (
	"io/fs"

	"extant"
)

func (h hostSource) device(fs.FileInfo) (major, minor uint32) { return 0, 0 }
func (h hostSource) owner(fs.FileInfo) (uid, gid int)         { return -1, -1 }
func (h hostSource) times(info fs.FileInfo) extant.Times      { return extant.Times{MTime: info.ModTime()} }
func (h hostSource) xattrs() ([]xattr, error)                 { return nil, nil }
