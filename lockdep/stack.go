package lockdep

import (
	"fmt"
	"runtime"
	"strings"
)

// stack is where something happened: return addresses, innermost first.
type stack []uintptr

// framesMax bounds a stack. Locks are taken near the leaves; what matters is found in fewer frames.
const framesMax = 32

// callers returns the stack of the calling goroutine without skip frames of this package.
func callers(skip int) stack {
	var pcs [framesMax]uintptr
	n := runtime.Callers(skip+2, pcs[:])
	return append(stack(nil), pcs[:n]...)
}

// entry returns the address of the function that the goroutine began with, or 0 if s does not reach so far.
func (s stack) entry() uintptr {
	if len(s) < 2 || len(s) == framesMax {
		return 0
	}
	if f := runtime.FuncForPC(s[len(s)-2]); f != nil {
		return f.Entry()
	}
	return 0
}

// program returns the frames of s that are neither of this package nor of sched, innermost first.
func (s stack) program() []runtime.Frame {
	var all []runtime.Frame
	for frames := runtime.CallersFrames(s); ; {
		f, more := frames.Next()
		own := strings.HasPrefix(f.Function, ownPrefix) || strings.HasPrefix(f.Function, schedPrefix)
		if !own && f.Function != "" && f.Function != "runtime.goexit" {
			all = append(all, f)
		}
		if !more {
			return all
		}
	}
}

// The prefixes of the functions that program leaves out.
const (
	ownPrefix   = "extant/lockdep."
	schedPrefix = "extant/sched."
)

// frames returns s as text, innermost first: function, file and line.
func (s stack) frames() []string {
	var all []string
	for _, f := range s.program() {
		all = append(all, fmt.Sprintf("%s (%s:%d)", shortFunction(f.Function), shortFile(f.File), f.Line))
	}
	return all
}

func (s *site) frames() []string {
	if s == nil {
		return nil
	}
	if s.text != nil {
		return s.text
	}
	return s.stack.frames()
}

// shortFunction returns the function's name without the directories of its package.
func shortFunction(f string) string { return f[strings.LastIndexByte(f, '/')+1:] }

func shortFile(f string) string { return f[strings.LastIndexByte(f, '/')+1:] }
