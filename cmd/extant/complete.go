package main

import (
	"strings"

	"github.com/spf13/cobra"

	"extant"
)

// completeAddress completes IMAGE:/PATH with what is in the image, and IMAGE as a file of the host. It says nothing of errors:
// the shell is in the middle of a line.
func (a *app) completeAddress(_ *cobra.Command, _ []string, word string) ([]string, cobra.ShellCompDirective) {
	at, ok := extant.ParseAddress(word)
	if !ok {
		return a.completeImage(word)
	}
	vol, err := a.volume(at.Image)
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	slash := strings.LastIndexByte(at.Path, '/') + 1
	dir, prefix := at.Path[:slash], at.Path[slash:]
	list, _ := vol.ReadDir(dir)
	var words []string
	onlyDirs := true
	for _, d := range list {
		if !strings.HasPrefix(d.Name(), prefix) || !harmless(d.Name()) || prefix == "" && d.Name()[0] == '.' {
			continue
		}
		w := at.Image + ":" + dir + d.Name()
		if info, err := vol.Stat(dir + d.Name()); err == nil && info.IsDir() {
			w += "/"
		} else {
			onlyDirs = false
		}
		words = append(words, w)
	}
	directive := cobra.ShellCompDirectiveNoFileComp
	if onlyDirs {
		directive |= cobra.ShellCompDirectiveNoSpace
	}
	return words, directive
}

// completeImage completes the name of an image: one that is whole becomes the address of its root.
func (a *app) completeImage(word string) ([]string, cobra.ShellCompDirective) {
	image := strings.TrimSuffix(word, ":")
	if image == "" {
		return nil, cobra.ShellCompDirectiveDefault
	}
	if _, err := a.volume(image); err != nil {
		return nil, cobra.ShellCompDirectiveDefault
	}
	return []string{image + ":/"}, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
}
