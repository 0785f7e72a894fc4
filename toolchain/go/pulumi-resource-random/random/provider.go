// Package random implements the resources of @pulumi/random that give bytes and strings. Nothing of
// them can be updated in place: every change, of `keepers` too, makes a new value.
package random

import (
	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"

	"hpc-ha/toolchain/internal/standin"
)

// Version is set by the linker to that of @pulumi/random in package.json.
var Version = "0.0.0-dev"

// Provider serves the resources.
func Provider() p.Provider {
	return standin.Wrap(infer.Provider(infer.Options{Resources: []infer.InferredResource{
		infer.Resource(&RandomPassword{}),
		infer.Resource(&RandomString{}),
		infer.Resource(&RandomBytes{}),
		infer.Resource(&RandomId{}),
	}}), standin.Limits{
		Package: "random",
		Types: []string{
			"random:index/randomPassword:RandomPassword",
			"random:index/randomString:RandomString",
			"random:index/randomBytes:RandomBytes",
			"random:index/randomId:RandomId",
		},
	})
}

func or[T any](given *T, otherwise T) T {
	if given == nil {
		return otherwise
	}
	return *given
}
