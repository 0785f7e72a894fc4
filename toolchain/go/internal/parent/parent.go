// Package parent ends a plugin together with the program that started it.
package parent

import (
	"os"
	"time"
)

// The engine tells its plugins to stop, unless it was killed itself; this notices that soon enough
// for a second run not to meet the leftovers of the first.
const interval = 250 * time.Millisecond

// Watch calls gone, once, when the starting process no longer exists.
func Watch(gone func()) {
	first := os.Getppid()
	go func() {
		for os.Getppid() == first {
			time.Sleep(interval)
		}
		gone()
	}()
}
