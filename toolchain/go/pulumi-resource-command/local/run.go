package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"
)

const (
	// Time for a cancelled script to end by itself after SIGTERM. Longer than Ansible needs to
	// stop its workers, shorter than a person's patience with Ctrl-C.
	grace = 5 * time.Second
	// Time for the rest of its process group, counted from its own end.
	stragglers = time.Second
	// Lines of output that an error repeats.
	tailLines = 20
)

// run executes a script and puts its output into the state. On cancellation the script's whole
// process group is ended. The error has the end of what the script printed.
func run(ctx context.Context, action, script string, state *State) error {
	in := state.Inputs
	argv := append([]string{"/bin/sh", "-c"}, script)
	if len(in.Interpreter) > 0 {
		argv = append(append([]string{}, in.Interpreter...), script)
	}
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Env = environment(state)
	if in.Dir != nil {
		cmd.Dir = *in.Dir
	}
	if in.Stdin != nil {
		cmd.Stdin = strings.NewReader(*in.Stdin)
	}
	out := newOutput(logger(ctx), in.Logging)
	cmd.Stdout, cmd.Stderr = out.stdout(), out.stderr()
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = grace

	// The death signal is tied to the thread that starts the process, so that thread must stay.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("%s: %w", action, err)
	}
	forget, err := guard(cmd.Process.Pid)
	if err != nil {
		syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		return errors.Join(fmt.Errorf("%s: no watchdog for the script: %w", action, err), cmd.Wait())
	}
	err = cmd.Wait()
	if ctx.Err() != nil {
		endGroup(cmd.Process.Pid, time.Now().Add(stragglers))
	}
	forget()
	out.flush()

	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("%s: stopped, %w", action, context.Cause(ctx))
	case errors.Is(err, exec.ErrWaitDelay):
		// The script has ended well and left something behind that holds its output: not a failure.
	case err != nil:
		return fmt.Errorf("%s: %w; the end of its output:\n%s", action, err, out.tail())
	}
	state.Stdout, state.Stderr = out.texts()
	return nil
}

// environment of the script: the plugin's own, the inputs, the last output.
func environment(state *State) []string {
	env := os.Environ()
	for name, value := range state.Environment {
		env = append(env, name+"="+value)
	}
	if state.AddPreviousOutputInEnv != nil && !*state.AddPreviousOutputInEnv {
		return env
	}
	if state.Stdout != "" {
		env = append(env, "PULUMI_COMMAND_STDOUT="+state.Stdout)
	}
	if state.Stderr != "" {
		env = append(env, "PULUMI_COMMAND_STDERR="+state.Stderr)
	}
	return env
}

// endGroup waits for the rest of a process group until the deadline and then kills it.
func endGroup(group int, deadline time.Time) {
	for time.Now().Before(deadline) {
		if errors.Is(syscall.Kill(-group, 0), syscall.ESRCH) {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	syscall.Kill(-group, syscall.SIGKILL)
}
