// Package undo keeps what a device held before it was changed, in a file from which it can be had back, byte for byte.
//
// [Open] wraps a device. What is written to the wrapper waits in memory until a Flush, or until there is much of it; then the old
// content of all that is about to change, where it was not saved before, goes to the undo file, the file is made durable, and only then
// is the device written. So whatever moment a machine stops at, the file has the old content of all that the device may have lost.
// [Read] reads such a file and [File.Restore] writes the old content back.
//
// The package knows nothing of file systems, and does not undo what was written past the wrapper: it finds out that something was, and
// refuses.
//
// # Words
//
// A granule is 4 KiB of the device, from a multiple of that on; the last one may be shorter. A batch is what is saved between two writes of the
// device. An undo file is finished when the wrapper was closed, and belongs to a device whose content it explains.
//
// # The file
//
//	header    magic, version, size of the device, what it is said to be about, identity, CRC-32C
//	record*   kind, CRC-32C, offset, number of the batch, index in it, length of it, 4,096 bytes of content
//
// Records have one size. They are old content, in batches, and at the end, in a batch of their own, hashes of what the device held in
// those granules when the wrapper was closed. A batch that is not all there was being written when the machine stopped: nothing
// of it had changed on the device. A record that is damaged anywhere else is an error.
//
// # What belongs together
//
// The identity is a hash over the beginning of the device, its end, and granules spread over it, as they were before any change. Through the
// old content in the file, a device must still have it. Where the file is finished, every saved granule must hold its old content or what the hash
// at the end says, too.
//
// # Locks
//
// A Device has one lock, held while the device below works.
package undo
