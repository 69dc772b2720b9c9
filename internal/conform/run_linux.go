package conform

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// processVar names, in its environment, who a process is to be.
const processVar = "EXTANT_CONFORM_AS"

// A Runner runs cases in a directory. It is for one goroutine.
type Runner struct {
	dir       string
	user      string // who calls where a line does not say
	mount     Mount
	next      int
	processes map[string]*process
}

// New returns a Runner for a directory, whose cases are run by user, as UID:GID, where they do not say by whom.
func New(dir, user string, m Mount) *Runner {
	return &Runner{dir: dir, user: user, mount: m, processes: map[string]*process{}}
}

// A process makes calls for the Runner.
type process struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
	at  string // the case that it was last reset for
}

func start(who string) (*process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	p := &process{cmd: exec.Command(self)}
	p.cmd.Env = append(os.Environ(), processVar+"="+who)
	p.cmd.Stderr = os.Stderr
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.out = bufio.NewReader(out)
	return p, p.cmd.Start()
}

func (p *process) ask(call string) error {
	_, err := fmt.Fprintln(p.in, call)
	return err
}

func (p *process) answer() (string, error) {
	line, err := p.out.ReadString('\n')
	if err != nil {
		return "", fmt.Errorf("a process has ended: %w", err)
	}
	return strconv.Unquote(strings.TrimSpace(line))
}

// Close ends the processes.
func (r *Runner) Close() (err error) {
	for _, p := range r.processes {
		err = errors.Join(err, p.in.Close(), p.cmd.Wait())
	}
	r.processes = map[string]*process{}
	return err
}

// Run runs a script and returns what differed. An error is one of running it. If update is set what differs becomes what is wanted.
func (r *Runner) Run(s *Script, update bool) ([]Difference, error) {
	var list []Difference
	for _, c := range s.Cases {
		dir := filepath.Join(r.dir, s.Name+strconv.Itoa(r.next))
		r.next++
		if err := r.makeDir(dir); err != nil {
			return list, err
		}
		for _, l := range c.Lines {
			got, err := r.line(dir, l)
			if err != nil {
				return list, fmt.Errorf("%s.txt:%d: %w", s.Name, l.at+1, err)
			}
			if l.Wanted(r.mount, got) {
				continue
			}
			list = append(list, Difference{Script: s, Case: c, Line: l, Got: got})
			if update {
				s.Set(l, got, r.mount)
			}
		}
	}
	return list, nil
}

// makeDir has the user make the directory of a case: nobody else may be able to.
func (r *Runner) makeDir(dir string) error {
	for _, call := range []string{"mkdir " + dir, "chmod " + dir + " 777"} {
		if got, err := r.call(r.dir, call); err != nil || got != "ok" {
			return fmt.Errorf("%s: %s, %v", call, got, err)
		}
	}
	return nil
}

func (r *Runner) line(dir string, l *Line) (string, error) {
	got := ""
	for i, call := range l.Calls {
		var err error
		if got, err = r.call(dir, call); err != nil {
			return "", err
		}
		if i < len(l.Calls)-1 && failed(got) {
			return fmt.Sprintf("%s (%s)", got, call), nil
		}
	}
	return got, nil
}

// failed reports whether a result is the name of an error.
func failed(result string) bool {
	return strings.HasPrefix(result, "E") && strings.ToUpper(result) == result || strings.HasPrefix(result, "BAD")
}

// begins is how long a call that is begun has until it waits for what it waits for.
const begins = 100 * time.Millisecond

// call has one call made by who is to make it.
func (r *Runner) call(dir, call string) (string, error) {
	who := r.user
	if rest, ok := strings.CutPrefix(call, "as "); ok {
		who, call, _ = strings.Cut(rest, " ")
	}
	p := r.processes[who]
	if p == nil {
		var err error
		if p, err = start(who); err != nil {
			return "", err
		}
		r.processes[who] = p
	}
	if p.at != dir {
		p.at = dir
		if err := p.ask("reset " + dir); err != nil {
			return "", err
		}
		if said, err := p.answer(); err != nil || said != "ok" {
			return "", fmt.Errorf("%s: reset: %s, %v", who, said, err)
		}
	}
	if call == "wait" {
		return p.answer()
	}
	call, begun := strings.CutPrefix(call, "bg ")
	if err := p.ask(call); err != nil {
		return "", err
	}
	if begun {
		time.Sleep(begins)
		return "begun", nil
	}
	return p.answer()
}
