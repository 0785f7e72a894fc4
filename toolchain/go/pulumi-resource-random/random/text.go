package random

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"math/big"
	"strings"

	"github.com/pulumi/pulumi-go-provider/infer"
)

const (
	lowers   = "abcdefghijklmnopqrstuvwxyz"
	uppers   = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	digits   = "0123456789"
	specials = "!@#$%&*()-_=+[]{}<>:?"
)

// TextInputs say which characters a text is made of. All classes are allowed unless excluded.
type TextInputs struct {
	Keepers         map[string]string `pulumi:"keepers,optional"`
	Length          int               `pulumi:"length"`
	Lower           *bool             `pulumi:"lower,optional"`
	MinLower        *int              `pulumi:"minLower,optional"`
	MinNumeric      *int              `pulumi:"minNumeric,optional"`
	MinSpecial      *int              `pulumi:"minSpecial,optional"`
	MinUpper        *int              `pulumi:"minUpper,optional"`
	Number          *bool             `pulumi:"number,optional"`
	Numeric         *bool             `pulumi:"numeric,optional"`
	OverrideSpecial *string           `pulumi:"overrideSpecial,optional"`
	Special         *bool             `pulumi:"special,optional"`
	Upper           *bool             `pulumi:"upper,optional"`
}

// TextState is TextInputs with the defaults filled in.
type TextState struct {
	Keepers         map[string]string `pulumi:"keepers,optional"`
	Length          int               `pulumi:"length"`
	Lower           bool              `pulumi:"lower"`
	MinLower        int               `pulumi:"minLower"`
	MinNumeric      int               `pulumi:"minNumeric"`
	MinSpecial      int               `pulumi:"minSpecial"`
	MinUpper        int               `pulumi:"minUpper"`
	Number          bool              `pulumi:"number"`
	Numeric         bool              `pulumi:"numeric"`
	OverrideSpecial *string           `pulumi:"overrideSpecial,optional"`
	Special         bool              `pulumi:"special"`
	Upper           bool              `pulumi:"upper"`
}

// withDefaults are the inputs as the engine keeps them, so that what a program leaves out is the same
// as what it would be.
func (in TextInputs) withDefaults() TextInputs {
	// `number` is the deprecated name of `numeric`.
	numeric := or(in.Numeric, or(in.Number, true))
	in.Numeric, in.Number = &numeric, &numeric
	for _, class := range []**bool{&in.Lower, &in.Upper, &in.Special} {
		value := or(*class, true)
		*class = &value
	}
	for _, atLeast := range []**int{&in.MinLower, &in.MinUpper, &in.MinNumeric, &in.MinSpecial} {
		value := or(*atLeast, 0)
		*atLeast = &value
	}
	return in
}

func (in TextInputs) state() TextState {
	in = in.withDefaults()
	return TextState{
		Keepers: in.Keepers, Length: in.Length, OverrideSpecial: in.OverrideSpecial,
		Lower: *in.Lower, Upper: *in.Upper, Special: *in.Special, Numeric: *in.Numeric, Number: *in.Number,
		MinLower: *in.MinLower, MinUpper: *in.MinUpper, MinNumeric: *in.MinNumeric, MinSpecial: *in.MinSpecial,
	}
}

// check fills in the defaults before anything is compared with the state.
func check(ctx context.Context, req infer.CheckRequest) (infer.CheckResponse[TextInputs], error) {
	in, failures, err := infer.DefaultCheck[TextInputs](ctx, req.NewInputs)
	return infer.CheckResponse[TextInputs]{Inputs: in.withDefaults(), Failures: failures}, err
}

// text makes one. It is an error to ask for more characters of the classes than fit, or to exclude
// all classes.
func (s TextState) text() (string, error) {
	special := specials
	if s.OverrideSpecial != nil && *s.OverrideSpecial != "" {
		special = *s.OverrideSpecial
	}
	result, allowed := []byte{}, ""
	for _, class := range []struct {
		characters string
		allowed    bool
		atLeast    int
	}{
		{lowers, s.Lower, s.MinLower},
		{uppers, s.Upper, s.MinUpper},
		{digits, s.Numeric, s.MinNumeric},
		{special, s.Special, s.MinSpecial},
	} {
		if class.allowed {
			allowed += class.characters
		}
		required, err := pick(class.characters, class.atLeast)
		if err != nil {
			return "", err
		}
		result = append(result, required...)
	}
	switch {
	case s.Length < 1:
		return "", fmt.Errorf("length = %d: must be at least 1", s.Length)
	case len(result) > s.Length:
		return "", fmt.Errorf("length = %d: must be at least %d, the sum of minLower, minUpper, minNumeric and minSpecial",
			s.Length, len(result))
	case allowed == "" && len(result) < s.Length:
		return "", errors.New("one of lower, upper, numeric and special must be true")
	}
	rest, err := pick(allowed, s.Length-len(result))
	if err != nil {
		return "", err
	}
	result = append(result, rest...)
	if err := shuffle(result); err != nil {
		return "", err
	}
	return string(result), nil
}

func pick(from string, n int) ([]byte, error) {
	var b strings.Builder
	for range n {
		i, err := below(len(from))
		if err != nil {
			return nil, err
		}
		b.WriteByte(from[i])
	}
	return []byte(b.String()), nil
}

func shuffle(b []byte) error {
	for i := len(b) - 1; i > 0; i-- {
		j, err := below(i + 1)
		if err != nil {
			return err
		}
		b[i], b[j] = b[j], b[i]
	}
	return nil
}

func below(n int) (int, error) {
	i, err := rand.Int(rand.Reader, big.NewInt(int64(n)))
	if err != nil {
		return 0, err
	}
	return int(i.Int64()), nil
}
