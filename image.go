package extant

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"syscall"

	"extant/disk"
)

// OpenImage opens the device that a name means to Open: an image file or a block device, or with IMAGE#NUMBER a partition of
// it, or with IMAGE#type=TYPE the one partition of that type (83, or a GUID). Whoever wants to write to it says so in flags. To close
// the device closes the image.
func OpenImage(image string, flags disk.Flag) (disk.Device, error) {
	dev, _, err := openImage(image, flags)
	return dev, err
}

// openImage is OpenImage, and tells whether the name has a partition in it.
func openImage(image string, flags disk.Flag) (dev disk.Device, isPart bool, err error) {
	name, partition := image, ""
	if !exists(image) {
		name, partition = splitPartition(image)
	}
	file, err := disk.Open(name, flags)
	if err != nil || partition == "" {
		if err != nil {
			return nil, false, err
		}
		return file, false, nil
	}
	part, err := openPartition(file, partition)
	if err != nil {
		return nil, true, closing(file, &fs.PathError{Op: "open", Path: image, Err: err})
	}
	return &partDevice{window: part.(window), whole: file}, true, nil
}

// closing closes what an error has made useless, and returns the error.
func closing(c io.Closer, err error) error {
	if cerr := c.Close(); cerr != nil {
		return errors.Join(err, cerr)
	}
	return err
}

// partDevice is a partition that owns the device it lies on.
type partDevice struct {
	window
	whole disk.Device
}

// window is all that a disk.Window can do.
type window interface {
	disk.Device
	disk.Sparse
	disk.Copier
}

func (p *partDevice) Close() error { return closing(p.whole, p.window.Close()) }

// openPartition opens the partition of dev that a number or "type=" and a type names.
func openPartition(dev disk.Device, partition string) (disk.Device, error) {
	if kind, ok := strings.CutPrefix(partition, "type="); ok {
		number, err := partitionOfType(dev, kind)
		if err != nil {
			return nil, err
		}
		return disk.OpenPartition(dev, number)
	}
	number, err := strconv.Atoi(partition)
	if err != nil {
		return nil, fmt.Errorf("partition %q is not a number: %w", partition, syscall.EINVAL)
	}
	return disk.OpenPartition(dev, number)
}

// partitionOfType is the number of the one partition of a type.
func partitionOfType(dev disk.Device, kind string) (int, error) {
	parts, err := disk.Partitions(dev)
	if err != nil {
		return 0, err
	}
	var numbers []int
	for _, p := range parts {
		if strings.EqualFold(p.Type, kind) {
			numbers = append(numbers, p.Number)
		}
	}
	if len(numbers) != 1 {
		return 0, fmt.Errorf("%d partitions of type %s: %v: %w", len(numbers), kind, numbers, syscall.ENXIO)
	}
	return numbers[0], nil
}

// hintPartitions adds to the error of a device without a file system what partitions it has.
func hintPartitions(dev disk.Device, err error) error {
	parts, perr := disk.Partitions(dev)
	if perr != nil || len(parts) == 0 {
		return err
	}
	var names []string
	for _, p := range parts {
		names = append(names, fmt.Sprintf("#%d (type %s, %d MiB)", p.Number, p.Type, p.Size>>20))
	}
	return fmt.Errorf("%w; it holds partitions, name one of them: %s", err, strings.Join(names, ", "))
}

// splitPartition splits IMAGE#PARTITION. What follows the last # is a number or, past "type=", a type.
func splitPartition(name string) (image, partition string) {
	i := strings.LastIndexByte(name, '#')
	if i <= 0 || i == len(name)-1 || strings.ContainsAny(name[i:], `/\`) {
		return name, ""
	}
	return name[:i], name[i+1:]
}

func exists(name string) bool {
	_, err := os.Stat(name)
	return !errors.Is(err, fs.ErrNotExist)
}
