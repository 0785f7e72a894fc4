// Command pulumi-resource-random stands in for the official plugin of @pulumi/random where that
// cannot be had. It implements four of its resources and refuses the rest.
package main

import (
	"context"
	"fmt"
	"os"

	"hpc-ha/toolchain/internal/parent"
	"hpc-ha/toolchain/pulumi-resource-random/random"
)

func main() {
	parent.Watch(func() { os.Exit(1) })
	if err := random.Provider().Run(context.Background(), "random", random.Version); err != nil {
		fmt.Fprintln(os.Stderr, "pulumi-resource-random:", err)
		os.Exit(1)
	}
}
