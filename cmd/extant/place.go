package main

import (
	"io/fs"
	"strings"

	"extant"
)

// A place is an operand whose image is open.
type place struct {
	extant.Address
	vol *extant.Volume
}

// address reads an operand; an image by itself means its root directory.
func address(arg string) extant.Address {
	if at, ok := extant.ParseAddress(arg); ok {
		return at
	}
	return extant.Address{Image: strings.TrimSuffix(arg, ":"), Path: "/"}
}

// place reads an operand and opens its image.
func (a *app) place(arg string) (place, error) {
	at := address(arg)
	vol, err := a.volume(at.Image)
	return place{at, vol}, err
}

// at is the same place with another path.
func (p place) at(path string) place {
	p.Path = path
	return p
}

// wrap puts the address to an error of the volume, and takes it from there if the volume says more exactly where.
func (p place) wrap(err error) error {
	if err == nil {
		return nil
	}
	if e, ok := err.(*fs.PathError); ok {
		return &addressError{p.at(e.Path).String(), e.Err}
	}
	return &addressError{p.String(), err}
}

// joinPath is the path of a name in a directory.
func joinPath(dir, name string) string { return strings.TrimSuffix(dir, "/") + "/" + name }
