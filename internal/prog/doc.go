// Package prog is the one language of operations in which file systems are tested: golden scripts, random programs, explored
// races and reports of bugs are all programs of it.
//
//	file a 24                     # 24 bytes
//	mkdir d 2755
//	as 1000:100,50 write a 0 "x"  # as somebody
//	open @f d/b read+write+create
//	write @f 4095 2 ~7            # 2 bytes of pattern 7 at 4095
//	thread write a 0 12
//	thread map a m; store m 0 1
//	thread sync a
//	stat a
//
// A line is one operation, or several behind each other with ";". Lines that begin with "thread" and follow each other run at the same time, as
// tasks of package sched; the next line waits for them. What is written is text in quotes, or a number of bytes of a pattern, which says
// for each byte where it belongs and who wrote it. The table verbs in op.go has all verbs and what follows each.
//
// A program runs on a [System]: the model, the engine, the kernel. Every operation has a result that can be printed, and
// results of two systems can be compared, as can the trees that they leave (Snapshot). Differ does both; Generate makes programs at random, and Minimize
// makes those that fail small.
//
// The package never decides what is right: that is package model's.
package prog
