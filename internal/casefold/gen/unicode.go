package main

import (
	"log"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
	"golang.org/x/text/unicode/rangetable"
)

var assigned12 = rangetable.Assigned("12.0.0")

// assigned reports whether Unicode 12.1 has r: 12.0 and one sign more.
func assigned(r rune) bool { return r == 0x32FF || unicode.Is(assigned12, r) }

// ignorable reports whether r has the property Default_Ignorable_Code_Point, by the standard's derivation. Code points may
// have it before they are assigned.
func ignorable(r rune) bool {
	switch {
	case unicode.In(r, unicode.White_Space, unicode.Prepended_Concatenation_Mark),
		0xFFF9 <= r && r <= 0xFFFB,   // interlinear annotation
		0x13430 <= r && r <= 0x1343F: // Egyptian hieroglyph format
		return false
	}
	return unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r) ||
		assigned(r) && unicode.In(r, unicode.Cf, unicode.Variation_Selector)
}

// hangul reports whether r is a syllable that decomposes by arithmetic.
func hangul(r rune) bool { return 0xAC00 <= r && r <= 0xD7A3 }

func combiningClass(r rune) uint8 { return norm.NFD.PropertiesString(string(r)).CCC() }

var folder = cases.Fold()

// caseFolded is the full case folding of r. The letters of Cherokee, whose small ones came late, fold to capitals; the
// library does not know that.
func caseFolded(r rune) string {
	if unicode.Is(unicode.Cherokee, r) {
		return string(unicode.ToUpper(r))
	}
	return folder.String(string(r))
}

// folded is what r becomes when it is folded and decomposed until neither changes it.
func folded(r rune) string {
	s := string(r)
	for range 4 { // more than any needs
		s = foldOnce(s)
	}
	if s != foldOnce(s) {
		log.Fatalf("%U folds without end", r)
	}
	for _, c := range s {
		if !assigned(c) || ignorable(c) {
			log.Fatalf("%U folds to %+q", r, s)
		}
	}
	return s
}

func foldOnce(s string) string {
	next := ""
	for _, c := range s {
		next += caseFolded(c)
	}
	return norm.NFD.String(next)
}
