// Package standin holds what the stand-in plugins have in common: the refusal of everything that
// the official plugin can do and the stand-in cannot.
package standin

import (
	"context"
	"fmt"
	"slices"
	"strings"

	p "github.com/pulumi/pulumi-go-provider"
)

// Limits of one stand-in.
type Limits struct {
	// Package is the name of the official package, such as "command".
	Package string
	// Types are the resource types that work.
	Types []string
	// Inputs that the official resources take and the stand-in does not.
	Inputs []string
	// ReplaceOn are inputs whose change, at any depth, replaces the resource.
	ReplaceOn []string
}

// Wrap refuses other types, functions and inputs in words, before anything has been done.
func Wrap(provider p.Provider, l Limits) p.Provider {
	check, diff := provider.Check, provider.Diff
	provider.Check = func(ctx context.Context, req p.CheckRequest) (p.CheckResponse, error) {
		if t := string(req.Urn.Type()); !slices.Contains(l.Types, t) {
			return p.CheckResponse{}, l.refusal("resource type " + t)
		}
		for _, name := range l.Inputs {
			if v, given := req.Inputs.GetOk(name); given && !v.IsNull() {
				return p.CheckResponse{}, l.refusal(fmt.Sprintf("input %q of %s", name, req.Urn.Type()))
			}
		}
		return check(ctx, req)
	}
	provider.Diff = func(ctx context.Context, req p.DiffRequest) (p.DiffResponse, error) {
		response, err := diff(ctx, req)
		for path, change := range response.DetailedDiff {
			if slices.Contains(l.ReplaceOn, root(path)) {
				change.Kind = asReplace(change.Kind)
				response.DetailedDiff[path] = change
			}
		}
		return response, err
	}
	provider.Invoke = func(_ context.Context, req p.InvokeRequest) (p.InvokeResponse, error) {
		return p.InvokeResponse{}, l.refusal("function " + string(req.Token))
	}
	return provider
}

func (l Limits) refusal(what string) error {
	return fmt.Errorf("%s is not implemented by this stand-in for the official %s plugin (it implements %s): "+
		"install the official plugin with `pulumi plugin install resource %s`",
		what, l.Package, strings.Join(l.Types, ", "), l.Package)
}

// root is the first name of a property path: "triggers" of "triggers[0].name".
func root(path string) string {
	if end := strings.IndexAny(path, ".["); end >= 0 {
		return path[:end]
	}
	return path
}

func asReplace(kind p.DiffKind) p.DiffKind {
	switch kind {
	case p.Add:
		return p.AddReplace
	case p.Delete:
		return p.DeleteReplace
	case p.Update:
		return p.UpdateReplace
	default:
		return kind
	}
}
