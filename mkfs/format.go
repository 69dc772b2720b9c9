package mkfs

import "extant/disk"

// Format makes an empty file system on a device and returns its plan, with the super block as it was written. Options that contradict each other or the size
// give an *OptionError or a *NoSpaceError before anything is written. The device is flushed, not closed.
//
// When Format fails later, or is interrupted, no file system is found on the device, neither the new one nor the one it held.
func Format(dev disk.Device, o Options) (*Geometry, error) {
	geo, err := PlanDevice(dev, o)
	if err != nil {
		return nil, err
	}
	im, err := newImage(dev, geo)
	if err != nil {
		return nil, err
	}
	if err := im.emptyRoot(); err != nil {
		return nil, err
	}
	if err := im.finish(); err != nil {
		return nil, err
	}
	return im.made(), nil
}

// PlanDevice is Plan for all of a device that Options leaves to the file system.
func PlanDevice(dev disk.Device, o Options) (*Geometry, error) {
	room := dev.Size() - o.Extended.Offset
	switch {
	case o.Extended.Offset < 0 || room < 0:
		return nil, invalid("-E offset", "%d bytes: the device has %d", o.Extended.Offset, dev.Size())
	case o.Size > room:
		return nil, invalid("size", "%d bytes are more than the device's %d", o.Size, room)
	}
	return Plan(room, o)
}
