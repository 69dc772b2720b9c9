package main

import (
	"bytes"
	"errors"
	"io"
	"log"
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"

	"extant/fuse"
)

const readyFD = 3

// serve mounts and serves, here or in a process that it starts and that goes on.
func (m *mounting) serve(image, dir string) error {
	ready := os.Getenv(readyVar) != ""
	os.Unsetenv(readyVar)
	if !ready && !m.foreground {
		return m.daemon()
	}
	var to io.Writer = m.a.stderr
	if m.log != "" {
		file, err := os.OpenFile(m.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
		if err != nil {
			return err
		}
		defer file.Close()
		to = file
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	m.a.serves = true
	m.fuse.Log = log.New(to, m.a.verb+": ", log.LstdFlags)
	s, vol, err := m.mount(image, dir)
	if err != nil {
		return err
	}
	if ready {
		err = m.detach()
	}
	go m.unmountOn(stop, s, dir)
	if err != nil {
		stop <- syscall.SIGTERM
	}
	s.Wait()
	return errors.Join(err, vol.Close())
}

// liftLimit lets this process write files as long as it may be allowed to, and says how long they may be: the limit that a user has set is for what he writes, and
// the kernel holds whoever writes to the mount to his own.
func liftLimit() uint64 {
	all := unix.Rlimit{Cur: unix.RLIM_INFINITY, Max: unix.RLIM_INFINITY}
	if unix.Setrlimit(unix.RLIMIT_FSIZE, &all) == nil {
		return all.Max
	}
	var l unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_FSIZE, &l) != nil {
		return all.Max
	}
	l.Cur = l.Max
	_ = unix.Setrlimit(unix.RLIMIT_FSIZE, &l) // a process may always
	return l.Max
}

// unmountOn unmounts upon a signal. If files are in use, the directory is nevertheless free at once, and the mount ends with their last use; a second signal
// does not wait for that.
func (m *mounting) unmountOn(stop chan os.Signal, s *fuse.Server, dir string) {
	<-stop
	if s.Unmount() == nil {
		return
	}
	signal.Reset(syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	if err := fuse.Detach(dir); err != nil {
		m.fuse.Log.Print(err)
	}
}

// daemon starts a process that mounts and goes on, and waits until it is ready or has failed. What it says until then comes through one pipe, at whose
// end stands whether it is ready.
func (m *mounting) daemon() error {
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	defer r.Close()
	self, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.Command(self, m.a.args...)
	cmd.Env = append(os.Environ(), readyVar+"=1")
	cmd.ExtraFiles = []*os.File{w}
	cmd.Stderr = w
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := errors.Join(cmd.Start(), w.Close()); err != nil {
		return err
	}
	said, err := io.ReadAll(r)
	text, isReady := bytes.CutSuffix(said, []byte(readyWord))
	m.a.stderr.Write(text)
	if isReady || err != nil {
		return err
	}
	_ = cmd.Wait() // the exit code says what there is to say
	m.a.code = max(m.a.code, cmd.ProcessState.ExitCode(), exitFailed)
	return nil
}

// readyWord is what the process says last.
const readyWord = "ready\n"

// detach leaves terminal and working directory, and says that the mount is ready.
func (m *mounting) detach() error {
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer null.Close()
	for fd := range readyFD {
		if err := unix.Dup3(int(null.Fd()), fd, 0); err != nil {
			return err
		}
	}
	if err := os.Chdir("/"); err != nil {
		return err
	}
	pipe := os.NewFile(readyFD, "ready")
	_, err = pipe.WriteString(readyWord)
	return errors.Join(err, pipe.Close())
}
