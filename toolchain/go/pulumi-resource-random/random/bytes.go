package random

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/big"

	"github.com/pulumi/pulumi-go-provider/infer"
)

// RandomBytes are secret bytes.
type RandomBytes struct{}

// BytesInputs of RandomBytes.
type BytesInputs struct {
	Keepers map[string]string `pulumi:"keepers,optional"`
	Length  int               `pulumi:"length"`
}

// BytesState is the state of RandomBytes.
type BytesState struct {
	BytesInputs
	Base64 string `pulumi:"base64" provider:"secret"`
	Hex    string `pulumi:"hex" provider:"secret"`
}

// Annotate gives the official type name.
func (r *RandomBytes) Annotate(a infer.Annotator) { a.SetToken("index/randomBytes", "RandomBytes") }

// Create makes the bytes.
func (RandomBytes) Create(
	_ context.Context, req infer.CreateRequest[BytesInputs],
) (infer.CreateResponse[BytesState], error) {
	response := infer.CreateResponse[BytesState]{ID: "none", Output: BytesState{BytesInputs: req.Inputs}}
	if req.DryRun {
		return response, nil
	}
	value, err := bytes("length", req.Inputs.Length)
	response.Output.Base64 = base64.StdEncoding.EncodeToString(value)
	response.Output.Hex = hex.EncodeToString(value)
	return response, err
}

// RandomId is an identifier that is no secret.
type RandomId struct{}

// IdInputs of RandomId.
type IdInputs struct {
	ByteLength int               `pulumi:"byteLength"`
	Keepers    map[string]string `pulumi:"keepers,optional"`
	Prefix     *string           `pulumi:"prefix,optional"`
}

// IdState is the state of a RandomId: the same bytes in four notations, each after the prefix.
type IdState struct {
	IdInputs
	B64Std string `pulumi:"b64Std"`
	B64Url string `pulumi:"b64Url"`
	Dec    string `pulumi:"dec"`
	Hex    string `pulumi:"hex"`
}

// Annotate gives the official type name.
func (r *RandomId) Annotate(a infer.Annotator) { a.SetToken("index/randomId", "RandomId") }

// Create makes the identifier; the resource's id is its URL-safe notation without the prefix.
func (RandomId) Create(
	_ context.Context, req infer.CreateRequest[IdInputs],
) (infer.CreateResponse[IdState], error) {
	state := IdState{IdInputs: req.Inputs}
	if req.DryRun {
		return infer.CreateResponse[IdState]{Output: state}, nil
	}
	value, err := bytes("byteLength", req.Inputs.ByteLength)
	prefix, id := or(req.Inputs.Prefix, ""), base64.RawURLEncoding.EncodeToString(value)
	state.B64Url = prefix + id
	state.B64Std = prefix + base64.StdEncoding.EncodeToString(value)
	state.Hex = prefix + hex.EncodeToString(value)
	state.Dec = prefix + new(big.Int).SetBytes(value).String()
	return infer.CreateResponse[IdState]{ID: id, Output: state}, err
}

func bytes(name string, n int) ([]byte, error) {
	if n < 1 {
		return nil, fmt.Errorf("%s = %d: must be at least 1", name, n)
	}
	value := make([]byte, n)
	_, err := rand.Read(value)
	return value, err
}
