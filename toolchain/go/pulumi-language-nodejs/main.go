// Command pulumi-language-nodejs is a small Node language host: it runs the program with the Node
// SDK of the project and generates SDKs. It stands in for the vendor's own where that can't be had.
package main

import (
	"flag"
	"fmt"
	"os"

	"github.com/pulumi/pulumi/sdk/v3/go/common/util/rpcutil"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"

	"hpc-ha/toolchain/internal/parent"
)

func main() {
	// The engine starts language hosts with flags of its own choice; they do not matter here.
	flag.String("tracing", "", "ignored")
	flag.String("root", "", "ignored")
	flag.Bool("typescript", true, "ignored")
	flag.Parse()

	host := &languageHost{engine: flag.Arg(0)}
	// The program ends with its host: see Run.
	parent.Watch(func() { os.Exit(1) })
	handle, err := rpcutil.ServeWithOptions(rpcutil.ServeOptions{
		Init: func(srv *grpc.Server) error {
			pulumirpc.RegisterLanguageRuntimeServer(srv, host)
			return nil
		},
	})
	if err != nil {
		fail(err)
	}
	fmt.Println(handle.Port)
	if err := <-handle.Done; err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "pulumi-language-nodejs:", err)
	os.Exit(1)
}
