// Package tarscan reads the headers of a tar archive: the name and attributes of each entry, and where in
// the archive its bytes lie.
//
// It reads what ustar, GNU tar, star and PAX (POSIX.1-2001) write, long names, large numbers and sparse files
// included. It never reads the data of files, never writes, never judges a name, and keeps one entry at a time: a pass over
// an archive takes the memory of its largest header.
//
// # Words
//
// An archive is a row of blocks of 512 bytes. An entry is one header block, those before it that extend it, and
// the data that follows. A record is one key and value of a PAX header. A segment is a part of a sparse file that has data.
//
//	| x: PAX header | records... | header | data, padded to 512 | header | ... | zeros | zeros |
//	                             ^ Entry.Name, Mode, ...
//	                                      ^ Entry.Offset
//
// Damage is a *FormatError that says where. Nothing in an archive makes the package panic, loop, or take more memory than
// the archive has bytes.
package tarscan
