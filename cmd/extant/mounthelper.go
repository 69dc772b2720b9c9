package main

import (
	"path/filepath"
	"slices"
	"strings"
)

// helperNames are the names under which mount(8) looks for extant.
var helperNames = []string{"mount.extant", "mount.fuse.extant"}

// isVerb reports whether a word is one of the verbs.
func isVerb(word string) bool {
	return slices.ContainsFunc(verbs, func(v verb) bool { return v.name == word })
}

// helperArgs is the command line of mount that mount(8) means, and whether it is one: either the program has the name of a helper, or mount.fuse3 calls it
// with an image, a directory and options where a verb would stand. That it is to be written mount(8) says of everything, so it does not count. No command line means that there is nothing to do.
func helperArgs(program string, args []string) ([]string, bool) {
	named := slices.Contains(helperNames, filepath.Base(program))
	if !named && (len(args) != 4 || args[2] != "-o" || strings.HasPrefix(args[0], "-") || isVerb(args[0])) {
		return args, false
	}
	out := []string{"mount"}
	for i := 0; i < len(args); i++ {
		switch arg := args[i]; {
		case arg == "-f":
			return nil, true // mount --fake: all but the mount itself
		case arg == "-t" || arg == "-N":
			i++ // the type is known; the namespace is mount's affair
		case arg == "-s" || arg == "-n" || arg == "-v" || arg == "-w":
		case arg == "-r":
			out = append(out, "-o", "ro")
		case arg == "-o" && i+1 < len(args):
			i++
			words := strings.Split(args[i], ",")
			out = append(out, "-o", strings.Join(slices.DeleteFunc(words, func(w string) bool { return w == "rw" }), ","))
		default:
			out = append(out, arg)
		}
	}
	return out, true
}
