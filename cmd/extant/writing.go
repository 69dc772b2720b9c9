package main

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"time"

	"extant"
)

// writing makes the images that follow be opened for writing. All that a verb does to an image becomes durable when close unmounts it, after an interrupt
// as well.
func (a *app) writing() error {
	o := &a.options
	if o.NoLoad || o.Shared || o.Truncated || o.SuperBlock != 0 {
		return usagef("--noload, --shared, --truncated and --superblock are for reading")
	}
	o.ReadWrite = true
	return nil
}

// only makes sure that an operand is an address with a path in it: a verb that writes does not take an image for its root.
func only(arg string) error {
	if _, ok := extant.ParseAddress(arg); !ok {
		return usagef("%s: the address of a file is IMAGE:/PATH", arg)
	}
	return nil
}

// eachFile is each for verbs that change what is in images.
func (a *app) eachFile(operands []string, do func(place) error) error {
	for _, arg := range operands {
		if err := only(arg); err != nil {
			return err
		}
	}
	if err := a.writing(); err != nil {
		return err
	}
	return a.each(operands, do)
}

// tree runs do for what is at a place and for all that is below it, directories before their content. What fails is reported, and the rest follows.
func (a *app) tree(p place, do func(place, fs.FileInfo) error) error {
	return p.wrap(p.vol.WalkDir(p.Path, func(name string, d fs.DirEntry, err error) error {
		if cerr := a.ctx.Err(); cerr != nil {
			return cerr
		}
		var info fs.FileInfo
		if err == nil {
			info, err = d.Info()
		}
		if err == nil {
			err = do(p.at(name), info)
		}
		if err != nil && !errors.Is(err, fs.SkipDir) {
			a.fail(p.at(name).wrap(err))
			return nil
		}
		return err
	}))
}

// into is where something of a name goes that is put to a place: into it if it is a directory, or in its stead.
func into(p place, name string) place {
	if info, err := p.vol.Stat(p.Path); err == nil && info.IsDir() {
		return p.at(joinPath(p.Path, name))
	}
	return p
}

// lastName is the name that a path of an image ends with.
func lastName(name string) string { return path.Base(strings.TrimRight(name, "/")) }

// anew makes something at a place, in place of a file that is there, which stays if that fails.
func anew(p place, made func(name string) error) error {
	if err := made(p.Path); !errors.Is(err, fs.ErrExist) {
		return err
	}
	at := strings.TrimRight(p.Path, "/")
	name := fmt.Sprintf("%s.extant-%x", at[:strings.LastIndexByte(at, '/')+1], time.Now().UnixNano())
	if err := made(name); err != nil {
		return err
	}
	err := p.vol.Rename(name, p.Path)
	if uerr := p.vol.Unlink(name); err == nil && !errors.Is(uerr, fs.ErrNotExist) {
		err = uerr // it is there still where both were one file
	}
	return err
}
