package hostdir

import (
	"errors"
	"os"
	"time"

	"extant/internal/model"
	"extant/internal/prog"
)

// Differ runs a program in a new directory below parent and on the model, as [prog.Differ] does, and takes the directory away. The calling
// goroutine keeps its thread to itself, as after [New].
func Differ(parent string, p *prog.Program, c model.Config) (err error) {
	dir, err := os.MkdirTemp(parent, "prog")
	if err == nil {
		err = os.Chmod(dir, 0o755)
	}
	if err != nil {
		return err
	}
	clock := &prog.Clock{}
	c.Now = clock.Now
	since := time.Now().Add(-2 * time.Second)
	host, err := New(dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, host.Empty(), host.Close(), os.Remove(dir)) }()
	return prog.Differ(p, host, prog.Model(c), clock, prog.Rules{Since: since, ATimes: true})
}
