// Command pulumi-resource-command stands in for the official plugin of @pulumi/command where that
// cannot be had. It implements command:local:Command and refuses the rest.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/pulumi/pulumi-go-provider/infer"

	"hpc-ha/toolchain/internal/parent"
	"hpc-ha/toolchain/internal/standin"
	"hpc-ha/toolchain/pulumi-resource-command/local"
)

func main() {
	// The watchdog of the local package then ends the commands that still run.
	parent.Watch(func() { os.Exit(1) })
	provider := standin.Wrap(
		infer.Provider(infer.Options{Resources: []infer.InferredResource{infer.Resource(&local.Command{})}}),
		local.Limits)
	if err := provider.Run(context.Background(), "command", local.Version); err != nil {
		fmt.Fprintln(os.Stderr, "pulumi-resource-command:", err)
		os.Exit(1)
	}
}
