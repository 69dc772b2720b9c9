// Package conform holds a mounted file system to what Linux answers: cases of system calls, each a few lines of text that name who calls, the call, and
// its result. The results are those of the kernel's own ext4; the cases live in testdata.
//
// # Words
//
//	== title                               begins a case, which goes on for several lines
//	-- title                               from here on every line is a case of its own
//	call operand ... = result              a call, and what comes of it: a value, an error's name, or ok
//	call operand ... = result ~ other      the same, where a mount by FUSE answers otherwise; one without a write-back cache
//	                                       either way, or as is said behind another ~
//	a; b; call ... = result                calls before it, which have to succeed
//	as UID:GID[,GROUP...][-CAP...][/NAME]  before a call: who makes it, if not the super user; each name is a process of its own
//	bg call                                the call is begun; "wait", by the same process, is for its result
//	moves PATH... : call                   the call, and which times it moves: a, m and c for each path
//
// Each case has a directory of its own, in which anybody may write and which is where its processes are. {N} in an operand stands for
// N bytes, {/N} for "./" repeated to N bytes, $D for the directory.
//
// # What is between
//
// Processes are this program again: whoever runs cases calls Main first, which returns unless it is one.
package conform
