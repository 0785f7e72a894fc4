//go:build tools

// Package tools pins the programs that are built from their modules as they are.
package tools

import (
	_ "github.com/dmacvicar/terraform-provider-libvirt"
	_ "github.com/pulumi/pulumi-terraform-bridge/v3/dynamic"
)
