// Package page caches the data of files by file and block: folios.
//
// It never does I/O, never knows where a block lies on a device, never starts a transaction, and never holds metadata. What a
// folio's flags mean for the file system is its user's business; the package keeps them, finds folios, counts the
// dirty ones, and takes back the memory of those that nobody has used lately.
//
// # Words
//
//   - A [Pool] is the memory of one file system's folios, and bounds it.
//   - A [File] is what a file has in the cache (address_space).
//   - A [Folio] is one block of a file. It has memory from the first time that Data is asked for.
//   - Uptodate: the memory holds the file's content. Dirty: the content is newer than the device's. Reserved: space was
//     promised for it. Backed: it has a block on the device.
//   - To drop a folio is to take it out of its file. Who waited for its lock then finds it gone, and looks again.
//
// # Locks
//
// A folio's lock, of class "folio", guards its memory and flags; whoever does I/O with the memory holds it meanwhile, so
// the lock stands for writeback as well. Several of one file are locked by ascending index. Looking a folio up takes no
// lock. "page-tree" guards the shape of a file's tree and which of its folios are dirty, "page-pool" the memory: both are leaves.
//
// The pool takes folios back from whoever needs memory, and only those whose lock is free: nobody waits for that.
package page
