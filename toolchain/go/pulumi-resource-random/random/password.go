package random

import (
	"context"

	"github.com/pulumi/pulumi-go-provider/infer"
	"golang.org/x/crypto/bcrypt"
)

// Bcrypt looks at no more than these bytes of a password.
const bcryptBytes = 72

// RandomPassword is a secret text.
type RandomPassword struct{}

// PasswordState is the state of a RandomPassword.
type PasswordState struct {
	TextState
	BcryptHash string `pulumi:"bcryptHash" provider:"secret"`
	Result     string `pulumi:"result" provider:"secret"`
}

// Annotate gives the official type name.
func (r *RandomPassword) Annotate(a infer.Annotator) {
	a.SetToken("index/randomPassword", "RandomPassword")
}

// Check fills in the defaults.
func (RandomPassword) Check(
	ctx context.Context, req infer.CheckRequest,
) (infer.CheckResponse[TextInputs], error) {
	return check(ctx, req)
}

// Create makes the password.
func (RandomPassword) Create(
	_ context.Context, req infer.CreateRequest[TextInputs],
) (infer.CreateResponse[PasswordState], error) {
	response := infer.CreateResponse[PasswordState]{ID: "none"}
	response.Output.TextState = req.Inputs.state()
	if req.DryRun {
		return response, nil
	}
	text, err := response.Output.text()
	if err != nil {
		return response, err
	}
	hash, err := bcrypt.GenerateFromPassword([]byte(text[:min(len(text), bcryptBytes)]), bcrypt.DefaultCost)
	response.Output.Result, response.Output.BcryptHash = text, string(hash)
	return response, err
}

// RandomString is a text that is no secret.
type RandomString struct{}

// StringState is the state of a RandomString.
type StringState struct {
	TextState
	Result string `pulumi:"result"`
}

// Annotate gives the official type name.
func (r *RandomString) Annotate(a infer.Annotator) {
	a.SetToken("index/randomString", "RandomString")
}

// Check fills in the defaults.
func (RandomString) Check(
	ctx context.Context, req infer.CheckRequest,
) (infer.CheckResponse[TextInputs], error) {
	return check(ctx, req)
}

// Create makes the text, which is the resource's id as well.
func (RandomString) Create(
	_ context.Context, req infer.CreateRequest[TextInputs],
) (infer.CreateResponse[StringState], error) {
	state := StringState{TextState: req.Inputs.state()}
	if req.DryRun {
		return infer.CreateResponse[StringState]{Output: state}, nil
	}
	var err error
	state.Result, err = state.text()
	return infer.CreateResponse[StringState]{ID: state.Result, Output: state}, err
}
