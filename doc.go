// Package extant is ext4 without the kernel: it opens an image, a partition of one or a block device, and gives its
// files by path, with names and errors as package os gives them.
//
//	vol, err := extant.Open("disk.img")      // or "disk.img#2": the second partition
//	if err != nil { ... }
//	defer vol.Close()
//	b, err := vol.ReadFile("/etc/hostname")
//	err = fs.WalkDir(vol.FS(), ".", visit)   // anything that takes an fs.FS
//
// It never mounts anything, never needs a privilege beyond reading the image, and never leaves the image:
// every path, ".." and absolute symbolic links included, is resolved below the image's own root. It never writes to
// an image opened for reading, not even to replay its journal, which is read through instead. It holds no
// format knowledge: that is package ext4's, which knows inodes and no paths.
//
// # Words
//
// A [Volume] is a mounted file system. A [File] is an open file of it. An inode number ([Stat].Ino) names a file within its
// volume whatever its path.
//
// # Paths
//
// Paths are slash-separated and start at the root of the volume, with or without a leading slash. They are bytes, as ext4 has
// them: a name that is not UTF-8 is given as it is. The fs.FS that [Volume.FS] returns follows the stricter
// rules of io/fs.
//
// # Errors
//
// An error about a path is a *fs.PathError. Below it lies a syscall.Errno, so that errors.Is(err, fs.ErrNotExist) works,
// an error of the device, or a [*CorruptError] or [*UnsupportedError] when the image is at fault.
//
// A Volume and its Files may be used from many goroutines at once, but for the position that File.Read, File.Seek and
// File.ReadDir share.
package extant
