package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sort"
	"strings"
	"syscall"

	"github.com/blang/semver"
	"github.com/pulumi/pulumi/pkg/v3/codegen/nodejs"
	"github.com/pulumi/pulumi/pkg/v3/codegen/schema"
	"github.com/pulumi/pulumi/sdk/v3/go/common/version"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/protobuf/types/known/emptypb"
)

// Exit status by which the SDK says that it has shown the error itself.
const alreadyReported = 32

type languageHost struct {
	pulumirpc.UnimplementedLanguageRuntimeServer
	engine string
}

func (h *languageHost) Handshake(
	_ context.Context, req *pulumirpc.LanguageHandshakeRequest,
) (*pulumirpc.LanguageHandshakeResponse, error) {
	h.engine = req.EngineAddress
	return &pulumirpc.LanguageHandshakeResponse{}, nil
}

func (h *languageHost) GetPluginInfo(context.Context, *emptypb.Empty) (*pulumirpc.PluginInfo, error) {
	return &pulumirpc.PluginInfo{Version: version.Version}, nil
}

// Run executes the program in one node process. The process ends with this host, however it ends.
func (h *languageHost) Run(ctx context.Context, req *pulumirpc.RunRequest) (*pulumirpc.RunResponse, error) {
	root := req.Info.RootDirectory
	entry := req.Info.EntryPoint
	if entry == "" {
		entry = "."
	}
	args := append(nodeArgs(req.Info), filepath.Join("node_modules", "@pulumi", "pulumi", "cmd", "run"),
		"--monitor", req.MonitorAddress, "--engine", h.engine,
		"--project", req.Project, "--stack", req.Stack, "--organization", req.Organization,
		"--root-directory", root, "--pwd", req.Pwd, "--parallel", fmt.Sprint(req.Parallel))
	if req.DryRun {
		args = append(args, "--dry-run")
	}
	args = append(append(args, entry), req.Args...)

	config, err := json.Marshal(req.Config)
	if err != nil {
		return nil, err
	}
	secrets, err := json.Marshal(req.ConfigSecretKeys)
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, "node", args...)
	cmd.Dir = req.Info.ProgramDirectory
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.Env = append(os.Environ(), "PULUMI_CONFIG="+string(config),
		"PULUMI_CONFIG_SECRET_KEYS="+string(secrets), "PULUMI_NODEJS_TYPESCRIPT=true")
	// The death signal belongs to the thread that started the process, so that thread must stay.
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	err = cmd.Run()

	var exit *exec.ExitError
	switch {
	case err == nil:
		return &pulumirpc.RunResponse{}, nil
	case errors.As(err, &exit) && exit.ExitCode() == alreadyReported:
		return &pulumirpc.RunResponse{Bail: true}, nil
	case errors.As(err, &exit):
		return &pulumirpc.RunResponse{Error: fmt.Sprintf("the program ended with %s", exit)}, nil
	default:
		return nil, fmt.Errorf("node could not be started: %w", err)
	}
}

// nodeArgs are the options for node itself, from `runtime.options.nodeargs` of Pulumi.yaml.
func nodeArgs(info *pulumirpc.ProgramInfo) []string {
	text, _ := info.GetOptions().AsMap()["nodeargs"].(string)
	return strings.Fields(text)
}

// GetRequiredPackages names the plugins of the SDKs in node_modules/@pulumi, from their
// `pulumi` section in package.json.
func (h *languageHost) GetRequiredPackages(
	_ context.Context, req *pulumirpc.GetRequiredPackagesRequest,
) (*pulumirpc.GetRequiredPackagesResponse, error) {
	manifests, err := filepath.Glob(
		filepath.Join(req.Info.ProgramDirectory, "node_modules", "@pulumi", "*", "package.json"))
	if err != nil {
		return nil, err
	}
	sort.Strings(manifests)
	response := &pulumirpc.GetRequiredPackagesResponse{}
	for _, file := range manifests {
		pkg, err := readPackage(file)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		if pkg != nil {
			response.Packages = append(response.Packages, pkg)
		}
	}
	return response, nil
}

func readPackage(file string) (*pulumirpc.PackageDependency, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var manifest struct {
		Version string
		Pulumi  struct {
			Resource         bool
			Name             string
			Server           string
			Version          string
			Parameterization *struct {
				Name    string
				Version string
				Value   []byte
			}
		}
	}
	if err := json.Unmarshal(text, &manifest); err != nil {
		return nil, err
	}
	p := manifest.Pulumi
	if !p.Resource {
		return nil, nil
	}
	dep := &pulumirpc.PackageDependency{
		Kind: "resource", Name: p.Name, Server: p.Server, Version: p.Version,
	}
	if dep.Name == "" {
		dep.Name = filepath.Base(filepath.Dir(file))
	}
	if dep.Version == "" {
		dep.Version = manifest.Version
	}
	if v := p.Parameterization; v != nil {
		dep.Parameterization = &pulumirpc.PackageParameterization{
			Name: v.Name, Version: v.Version, Value: v.Value,
		}
	}
	return dep, nil
}

// GetProgramDependencies lists the direct dependencies of package.json as installed.
func (h *languageHost) GetProgramDependencies(
	_ context.Context, req *pulumirpc.GetProgramDependenciesRequest,
) (*pulumirpc.GetProgramDependenciesResponse, error) {
	text, err := os.ReadFile(filepath.Join(req.Info.ProgramDirectory, "package.json"))
	if err != nil {
		return nil, err
	}
	var manifest struct{ Dependencies map[string]string }
	if err := json.Unmarshal(text, &manifest); err != nil {
		return nil, err
	}
	response := &pulumirpc.GetProgramDependenciesResponse{}
	for name, v := range manifest.Dependencies {
		response.Dependencies = append(response.Dependencies, &pulumirpc.DependencyInfo{Name: name, Version: v})
	}
	return response, nil
}

// InstallDependencies runs npm in the program's directory.
func (h *languageHost) InstallDependencies(
	req *pulumirpc.InstallDependenciesRequest, stream pulumirpc.LanguageRuntime_InstallDependenciesServer,
) error {
	cmd := exec.CommandContext(stream.Context(), "npm", "ci")
	cmd.Dir = req.Info.ProgramDirectory
	output, err := cmd.CombinedOutput()
	if sendErr := stream.Send(&pulumirpc.InstallDependenciesResponse{Stdout: output}); sendErr != nil {
		return sendErr
	}
	return err
}

func (h *languageHost) RuntimeOptionsPrompts(
	context.Context, *pulumirpc.RuntimeOptionsRequest,
) (*pulumirpc.RuntimeOptionsResponse, error) {
	return &pulumirpc.RuntimeOptionsResponse{}, nil
}

func (h *languageHost) About(context.Context, *pulumirpc.AboutRequest) (*pulumirpc.AboutResponse, error) {
	node, err := exec.LookPath("node")
	if err != nil {
		return nil, err
	}
	out, err := exec.Command(node, "--version").Output()
	return &pulumirpc.AboutResponse{Executable: node, Version: strings.TrimSpace(string(out))}, err
}

// GeneratePackage writes the Node SDK of a package schema into a directory.
func (h *languageHost) GeneratePackage(
	_ context.Context, req *pulumirpc.GeneratePackageRequest,
) (*pulumirpc.GeneratePackageResponse, error) {
	loader, err := schema.NewLoaderClient(req.LoaderTarget)
	if err != nil {
		return nil, err
	}
	defer loader.Close()
	cached := schema.NewCachedLoader(loader)
	var spec schema.PackageSpec
	if err := json.Unmarshal([]byte(req.Schema), &spec); err != nil {
		return nil, err
	}
	if spec.Version != "" {
		if _, err := semver.Parse(spec.Version); err != nil {
			return nil, err
		}
	}
	pkg, diags, err := schema.BindSpec(spec, cached, schema.ValidationOptions{AllowDanglingReferences: true})
	if err != nil {
		return nil, err
	}
	if diags.HasErrors() {
		return nil, diags
	}
	files, err := nodejs.GeneratePackage("pulumi-language-nodejs", pkg, req.ExtraFiles, req.LocalDependencies, req.Local, cached)
	if err != nil {
		return nil, err
	}
	for name, content := range files {
		path := filepath.Join(req.Directory, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return nil, err
		}
		if err := os.WriteFile(path, content, 0o644); err != nil {
			return nil, err
		}
	}
	return &pulumirpc.GeneratePackageResponse{}, nil
}
