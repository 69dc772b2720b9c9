// Package volume runs programs of package prog on a volume of package extant, which may be mounted anew in between.
//
// It adds nothing: what a program sees is what a caller of package extant sees.
package volume
