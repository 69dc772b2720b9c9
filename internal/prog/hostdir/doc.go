// Package hostdir runs programs of package prog on a directory of the system, so that the kernel's file system can be held against the
// model. It wants the super user: it makes the directory the root of the calling thread, acts as other users there and makes device nodes.
//
// It never opens what is neither a file nor a directory, and never leaves the thread as it found it: a goroutine that has used it is to end
// afterwards.
package hostdir
