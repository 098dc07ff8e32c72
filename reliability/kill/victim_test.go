package kill_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// injection is a system call to be killed at: SIGKILL is delivered when a thread of the process enters its Nth of that name.
type injection struct {
	call string
	n    int
}

// victim is a process that is to be killed. It may run under strace; then cmd is strace.
type victim struct {
	cmd    *exec.Cmd
	trace  string // the file that strace writes; "" without
	stderr bytes.Buffer
	stdin  io.Closer     // its end tells a child that nobody is left
	ended  chan struct{} // closed when nothing of it runs any more
}

// spawn starts a process, and calls line with each whole line that it prints. A nil injection is none.
func spawn(dir string, inject *injection, line func(string), env []string, name string, args ...string) (*victim, error) {
	v := &victim{ended: make(chan struct{})}
	if inject != nil {
		v.trace = filepath.Join(dir, "trace")
		args = append([]string{"-f", "-q", "-y", "-s", "0", "-o", v.trace, "-e", "signal=none", "-e", "trace=pwrite64,fdatasync,fsync,ftruncate",
			"-e", fmt.Sprintf("inject=%s:signal=KILL:when=%d", inject.call, inject.n), name}, args...)
		name = "strace"
	}
	v.cmd = exec.Command(name, args...)
	v.cmd.Env = append(os.Environ(), env...)
	v.cmd.Stderr = &v.stderr
	stdin, err1 := v.cmd.StdinPipe()
	stdout, err2 := v.cmd.StdoutPipe()
	if err := errors.Join(err1, err2, v.cmd.Start()); err != nil {
		return nil, err
	}
	v.stdin = stdin
	go func() {
		defer close(v.ended)
		lines := bufio.NewReader(stdout)
		for {
			text, err := lines.ReadString('\n')
			if err != nil {
				return // a line that was cut off is none
			}
			line(strings.TrimSuffix(text, "\n"))
		}
	}()
	return v, nil
}

// kill kills the process itself, not its strace.
func (v *victim) kill() error {
	pid := v.cmd.Process.Pid
	if v.trace != "" {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
		if err != nil {
			return err
		}
		children := strings.Fields(string(text))
		if len(children) == 0 {
			return nil // it has just been killed by its system call
		}
		if pid, err = strconv.Atoi(children[0]); err != nil {
			return fmt.Errorf("the process under strace: %w", err)
		}
	}
	p, err := os.FindProcess(pid)
	if err != nil {
		return err
	}
	if err := p.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	return nil
}

// wait waits for the end. That it was a SIGKILL, and that nothing was said before, is no error. strace ends
// as what it traced.
func (v *victim) wait() error {
	<-v.ended
	_ = v.cmd.Wait()
	_ = v.stdin.Close()
	status, _ := v.cmd.ProcessState.Sys().(syscall.WaitStatus)
	if !status.Signaled() || status.Signal() != syscall.SIGKILL {
		return fmt.Errorf("the process was not killed, it ended with %v: %s", v.cmd.ProcessState, &v.stderr)
	}
	if said := v.stderr.String(); said != "" {
		return fmt.Errorf("before the process was killed, it said: %s", said)
	}
	return nil
}

// abandon ends a process that a test has given up.
func (v *victim) abandon() {
	_ = v.kill()
	<-v.ended
	_ = v.cmd.Wait()
}
