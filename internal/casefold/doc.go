// Package casefold says which names are the same in a casefolded directory, as Linux says it: by Unicode 12.1, the only
// version that s_encoding knows.
//
// It never changes a name that is stored, and it never refuses one: whether names that are not valid may be made is up to the super block's
// strict flag and whoever makes them.
//
// # Words
//
// A name is valid where it is well-formed UTF-8. To fold it is to take from every character its full case folding,
// decomposed canonically, to leave out the default ignorable characters, and to put the marks after each base character in
// canonical order. What is ignorable still ends such a run of marks, what Unicode 12.1 did not assign stands for itself, and
// a NUL ends the name.
//
//	"Stra\u00DFe\u200B"  and  "STRASSE"  fold to  "strasse"
//	"\u212B"  and  "a\u030A"             fold to  "a\u030A"
//
// Linux folds some names that are not valid too: those whose only fault is continuation bytes that continue nothing,
// except at the start. So does this package, since the index of a directory depends on it. All others do not fold.
//
// Two names match where they are equal, or both fold, to the same. A name that does not fold is hashed as it is.
//
// # Tables
//
// Every code point has a class: itself, ignorable, Hangul syllable, mark with its combining class, or mapped to a
// string. Three levels of tables, 32 KB in all, lead to it. The program in gen writes them.
package casefold

//go:generate go run -C gen . -o ../tables.go
