package main

import (
	"encoding/hex"
	"fmt"

	"github.com/spf13/cobra"

	"extant"
)

type verityFlags struct {
	algorithm, salt string
	o               extant.VerityOptions
}

func newVerity(a *app) *cobra.Command {
	f := &verityFlags{}
	cmd := &cobra.Command{
		Use:     "verity {enable [--hash-alg ALG] [--block-size BYTES] [--salt HEX] | measure} IMAGE:/PATH...",
		Short:   "Protect files by fs-verity, and show their digests",
		GroupID: groupChange,
		Long: `verity enable protects files for good: nobody can change what is in them any more, and whoever reads them is given what was there when they were
protected or an error. The image has the feature verity (mkfs -O verity). verity measure shows the digests of files that are protected, which stand for what is in them and
are the ones that fsverity(1) computes.`,
		Example: `  extant verity enable disk.img:/usr/bin/init
  extant verity measure disk.img:/usr/bin/init
  extant verity enable --hash-alg sha512 --salt c0ffee disk.img:/data.bin`,
		Args: cobra.MinimumNArgs(2),
	}
	p := cmd.Flags()
	p.SortFlags = false
	p.StringVar(&f.algorithm, "hash-alg", "sha256", "hash with `ALG`: sha256 or sha512")
	p.IntVar(&f.o.BlockSize, "block-size", 0, "hash blocks of `BYTES`; without, those of the file system, but 4096 at most")
	p.StringVar(&f.salt, "salt", "", "hash these bytes, in `HEX`, before every block")
	return a.verbCommand(cmd, func(args []string) error {
		if err := f.parse(); err != nil {
			return err
		}
		switch args[0] {
		case "enable":
			return a.eachFile(args[1:], func(p place) error { return p.wrap(p.vol.EnableVerity(p.Path, f.o)) })
		case "measure":
			return a.each(args[1:], func(p place) error { return measure(a, p) })
		}
		return usagef("%q is neither enable nor measure", args[0])
	})
}

var verityNames = map[string]extant.VerityOptions{"sha256": {Algorithm: extant.VeritySHA256}, "sha512": {Algorithm: extant.VeritySHA512}}

func (f *verityFlags) parse() (err error) {
	o, ok := verityNames[f.algorithm]
	if !ok {
		return usagef("%q is no algorithm: sha256, sha512", f.algorithm)
	}
	f.o.Algorithm = o.Algorithm
	if f.o.Salt, err = hex.DecodeString(f.salt); err != nil {
		return usagef("%q is no salt: %v", f.salt, err)
	}
	return nil
}

// measure writes a line as fsverity(1) does.
func measure(a *app, p place) error {
	alg, digest, err := p.vol.MeasureVerity(p.Path)
	if err != nil {
		return p.wrap(err)
	}
	for name, o := range verityNames {
		if o.Algorithm == alg {
			_, err = fmt.Fprintf(a.out, "%s:%x %s\n", name, digest, escape(p.String()))
		}
	}
	return err
}
