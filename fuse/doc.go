// Package fuse serves a file system of package ext4 to the kernel, by the protocol of FUSE, so that a directory of the system shows it.
//
// It translates and does little else: a request names an inode by its number and is answered by one operation of ext4. Paths, open
// files, permissions and locks of files are the kernel's (default_permissions); which inodes the kernel knows, and therefore
// must not be freed, is counted here. It never keeps data or attributes: the kernel does, for as long as it likes, since nobody
// else changes the image.
//
// # Words
//
//   - A node is an inode that the kernel knows; its id is the number of the inode, but that the root is 1.
//   - A lookup is an answer that told the kernel of an inode. The kernel forgets lookups by their number.
//
// # What the kernel keeps
//
// With the write-back cache, which is the default, the kernel gathers what is written in its own cache and sends it when the file is
// closed, synced, or has waited for long. Size and times of a regular file are then the kernel's, which tells them in SETATTR. That there is no
// space left is then an error of close and fsync. Options.WriteThrough has every write answered by the file system.
//
// # Locks
//
// The table of nodes has one, held for no longer than a look into a map. No lock is held while ext4 works.
//
// Mounting is for Linux; elsewhere Mount says so.
package fuse
