// Command tar2ext4 runs Microsoft's converter, the peer that the benchmarks of tar input are measured beside.
//
//	tar2ext4 [-inline] INPUT.tar OUTPUT.img
package main

import (
	"flag"
	"log"
	"os"

	"github.com/Microsoft/hcsshim/ext4/tar2ext4"
)

func main() {
	inline := flag.Bool("inline", false, "write small file data into the inodes")
	flag.Parse()
	if err := convert(flag.Arg(0), flag.Arg(1), *inline); err != nil {
		log.Fatal(err)
	}
}

func convert(from, to string, inline bool) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	opts := []tar2ext4.Option{tar2ext4.MaximumDiskSize(16 << 30)}
	if inline {
		opts = append(opts, tar2ext4.InlineData)
	}
	if err := tar2ext4.Convert(in, out, opts...); err != nil {
		return err
	}
	return out.Close()
}
