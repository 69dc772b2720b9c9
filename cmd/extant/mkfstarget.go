package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"extant"
	"extant/disk"
	"extant/mkfs"
)

// mkfsTarget is where a file system goes.
type mkfsTarget struct {
	image   string
	inPlace bool  // on what there is: a device, a partition, part of a file, or a file with its size
	room    int64 // bytes for the file system; 0: what the content takes
}

// target finds out what image is, and refuses to overwrite what holds anything.
func (m *mkfsRun) target(image string, want wantedSize, offset int64) (mkfsTarget, error) {
	size := want.bytes
	t := mkfsTarget{image: image, room: size}
	kind, err := imageKind(image)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if size == 0 && m.content.source == "" {
			return t, usagef("%s: a new file needs a SIZE", image)
		}
		return t, nil
	case err != nil:
		return t, err
	}
	there, err := m.survey(image, offset)
	if err != nil {
		return t, err
	}
	t.inPlace = kind != regularImage || size == 0 && !want.auto || offset != 0
	switch {
	case t.inPlace && want.auto:
		return t, usagef("%s: its size is given; leave auto out", image)
	case t.inPlace && size == 0:
		t.room = there
	case t.inPlace && size > there:
		return t, usagef("%s: there is room for %d bytes, not %d", image, there, size)
	}
	return t, nil
}

// Kinds of image.
const (
	regularImage = iota
	otherImage   // a device, or a partition of whatever
)

// imageKind tells a regular file from a device or partition.
func imageKind(image string) (int, error) {
	fi, err := os.Stat(image)
	if err == nil {
		if fi.Mode().IsRegular() {
			return regularImage, nil
		}
		return otherImage, nil
	}
	if i := strings.LastIndexByte(image, '#'); i > 0 {
		if _, whole := os.Stat(image[:i]); whole == nil {
			return otherImage, nil
		}
	}
	return 0, err
}

// survey returns how much room there is from an offset on.
func (m *mkfsRun) survey(image string, offset int64) (int64, error) {
	dev, err := extant.OpenImage(image, disk.ReadOnly)
	if err != nil {
		return 0, err
	}
	defer dev.Close()
	if offset < 0 || offset > dev.Size() {
		return 0, usagef("-E offset: %d bytes: %s has %d", offset, image, dev.Size())
	}
	part, err := disk.Window(dev, offset, dev.Size()-offset)
	if err != nil {
		return 0, err
	}
	what, err := mkfs.Occupant(part)
	if err == nil && what != "" && !m.force && !m.dryRun {
		err = fmt.Errorf("%s holds %s: give -F to overwrite it", image, what)
	}
	return part.Size(), err
}

// make has the file system made by fill.
func (t mkfsTarget) make(o mkfs.Options, fill func(disk.Device) error) error {
	if !t.inPlace {
		return mkfs.CreateImage(t.image, t.room+o.Extended.Offset, fill)
	}
	dev, err := extant.OpenImage(t.image, disk.ReadWrite)
	if err != nil {
		return err
	}
	return errors.Join(fill(dev), dev.Close())
}
