// Package disktest has block devices for tests: a Recorder that keeps what was
// written in the order it was written, a Faulty device that fails as told, and
// TestDevice, which checks that a disk.Device keeps its contract.
//
// The wrappers are transparent: what they do not record or fail they hand on,
// Close included. They do not pass on holes or fast copies, so every byte goes
// through ReadAt and WriteAt, where it is seen.
//
// Words: an operation (Op) is one call of ReadAt, WriteAt, Flush or Discard. A
// trace is the operations that changed a device, in the order in which they
// took effect; any prefix of it can be replayed.
//
// Locks: Recorder and Faulty hold one lock each. The Recorder's is held while
// the device beneath works, so that the trace has the device's own order.
package disktest
