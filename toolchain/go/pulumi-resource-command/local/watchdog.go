package local

import (
	"fmt"
	"io"
	"os/exec"
	"sync"
	"syscall"
)

// watchdogScript reads "+GROUP" and "-GROUP" lines. Its input ends when the plugin does, however
// that happens, and then it ends the process groups that are left.
const watchdogScript = `
groups=" "
while read -r line; do
  id=${line#?}
  case $line in
    +*) groups="$groups$id " ;;
    -*) groups="${groups%% $id *} ${groups#* $id }" ;;
  esac
done
for id in $groups; do kill -TERM -- "-$id" 2>/dev/null; done
for i in 1 2 3 4 5; do
  left=
  for id in $groups; do kill -0 -- "-$id" 2>/dev/null && left="$left $id"; done
  [ -z "$left" ] && exit 0
  sleep 1
done
for id in $left; do kill -KILL -- "-$id" 2>/dev/null; done
`

var watchdog struct {
	sync.Mutex
	in io.Writer
}

// guard has a process group ended if this plugin dies. The returned function lifts that.
func guard(group int) (func(), error) {
	if err := tell("+", group); err != nil {
		return nil, err
	}
	// A watchdog that is gone cannot be told, and need not be.
	return func() { _ = tell("-", group) }, nil
}

// tell starts the watchdog at first use.
func tell(op string, group int) error {
	watchdog.Lock()
	defer watchdog.Unlock()
	if watchdog.in == nil {
		cmd := exec.Command("/bin/sh", "-c", watchdogScript)
		// Outside the plugin's group, so that what ends the one leaves the other.
		cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
		in, err := cmd.StdinPipe()
		if err != nil {
			return err
		}
		if err := cmd.Start(); err != nil {
			return err
		}
		watchdog.in = in
	}
	_, err := fmt.Fprintf(watchdog.in, "%s%d\n", op, group)
	return err
}
