// Package local implements command:local:Command with the meaning that the official plugin gives it.
package local

import (
	"context"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"hpc-ha/toolchain/internal/standin"
)

// Version is set by the linker to that of @pulumi/command in package.json.
var Version = "0.0.0-dev"

// Limits names what of the official resource is missing here.
var Limits = standin.Limits{
	Package:   "command",
	Types:     []string{"command:local:Command"},
	Inputs:    []string{"archivePaths", "assetPaths"},
	ReplaceOn: []string{"triggers"},
}

// Command runs scripts in the life of a resource.
type Command struct{}

// Logging says which output of a script is shown while it runs.
type Logging string

// Values lists what Logging may be; anything else is refused before a script runs.
func (Logging) Values() []infer.EnumValue[Logging] {
	return []infer.EnumValue[Logging]{
		{Name: "Stdout", Value: "stdout"},
		{Name: "Stderr", Value: "stderr"},
		{Name: "StdoutAndStderr", Value: "stdoutAndStderr"},
		{Name: "None", Value: "none"},
	}
}

// Inputs of a Command. All are optional; a missing script does nothing.
type Inputs struct {
	Create      *string           `pulumi:"create,optional"`
	Update      *string           `pulumi:"update,optional"`
	Delete      *string           `pulumi:"delete,optional"`
	Dir         *string           `pulumi:"dir,optional"`
	Environment map[string]string `pulumi:"environment,optional"`
	Interpreter []string          `pulumi:"interpreter,optional"`
	Stdin       *string           `pulumi:"stdin,optional"`
	Triggers    []any             `pulumi:"triggers,optional" provider:"replaceOnChanges"`
	Logging     *Logging          `pulumi:"logging,optional"`
	// Whether the last output is given to the next script as PULUMI_COMMAND_STDOUT and …_STDERR.
	AddPreviousOutputInEnv *bool `pulumi:"addPreviousOutputInEnv,optional"`
}

// State of a Command: its inputs and what the last script printed, without the final newline.
type State struct {
	Inputs
	Stdout string `pulumi:"stdout"`
	Stderr string `pulumi:"stderr"`
}

// Annotate documents the resource in the schema.
func (c *Command) Annotate(a infer.Annotator) {
	a.Describe(&c, "A local command to be executed.")
}

// Create runs the create script. If it fails, the resource does not exist.
func (Command) Create(
	ctx context.Context, req infer.CreateRequest[Inputs],
) (infer.CreateResponse[State], error) {
	id, err := resource.NewUniqueHex(req.Name, 8, 0)
	if err != nil {
		return infer.CreateResponse[State]{}, err
	}
	state := State{Inputs: req.Inputs}
	if !req.DryRun && req.Inputs.Create != nil {
		err = run(ctx, "create", *req.Inputs.Create, &state)
	}
	return infer.CreateResponse[State]{ID: id, Output: state}, err
}

// Update runs the update script, or the create script where there is none. If it fails, the old
// state stays and the next update runs it again.
func (Command) Update(
	ctx context.Context, req infer.UpdateRequest[Inputs, State],
) (infer.UpdateResponse[State], error) {
	state := State{Inputs: req.Inputs, Stdout: req.State.Stdout, Stderr: req.State.Stderr}
	action, script := "update", req.Inputs.Update
	if script == nil {
		action, script = "create", req.Inputs.Create
	}
	var err error
	if !req.DryRun && script != nil {
		err = run(ctx, action, *script, &state)
	}
	return infer.UpdateResponse[State]{Output: state}, err
}

// Delete runs the delete script. If it fails, the resource stays.
func (Command) Delete(ctx context.Context, req infer.DeleteRequest[State]) (infer.DeleteResponse, error) {
	if req.State.Delete == nil {
		return infer.DeleteResponse{}, nil
	}
	return infer.DeleteResponse{}, run(ctx, "delete", *req.State.Delete, &req.State)
}

// logger is the engine's log for the present resource.
func logger(ctx context.Context) func(string) { return p.GetLogger(ctx).Info }
