package local

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/blang/semver"
	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"
	"github.com/pulumi/pulumi-go-provider/integration"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/property"

	"hpc-ha/toolchain/internal/standin"
)

const urn = resource.URN("urn:pulumi:stack::project::command:local:Command::test")

func server(t *testing.T) integration.Server {
	t.Helper()
	provider := standin.Wrap(infer.Provider(infer.Options{
		Resources: []infer.InferredResource{infer.Resource(&Command{})},
	}), Limits)
	s, err := integration.NewServer(context.Background(), "command", semver.MustParse("1.2.1"),
		integration.WithProvider(provider))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func inputs(values map[string]string) property.Map {
	m := map[string]property.Value{}
	for name, value := range values {
		m[name] = property.New(value)
	}
	return property.NewMap(m)
}

func text(m property.Map, name string) string { return m.Get(name).AsString() }

func TestCreateUpdateDelete(t *testing.T) {
	s := server(t)
	dir := t.TempDir()
	first := inputs(map[string]string{
		"create": "cat; echo warn >&2", "update": "echo updated $PULUMI_COMMAND_STDOUT", "stdin": "hello\n",
		"delete": "touch " + filepath.Join(dir, "deleted"),
	})
	created, err := s.Create(p.CreateRequest{Urn: urn, Properties: first})
	if err != nil {
		t.Fatal(err)
	}
	if got := text(created.Properties, "stdout"); got != "hello" {
		t.Errorf("stdout = %q", got)
	}
	if got := text(created.Properties, "stderr"); got != "warn" {
		t.Errorf("stderr = %q", got)
	}
	updated, err := s.Update(p.UpdateRequest{
		ID: created.ID, Urn: urn, State: created.Properties, Inputs: first.Set("stdin", property.New("x")),
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := text(updated.Properties, "stdout"); got != "updated hello" {
		t.Errorf("the update does not see the last output: stdout = %q", got)
	}
	if err := s.Delete(p.DeleteRequest{ID: created.ID, Urn: urn, Properties: updated.Properties}); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "deleted")); err != nil {
		t.Error("the delete script did not run")
	}
}

func TestPreviewRunsNothing(t *testing.T) {
	file := filepath.Join(t.TempDir(), "ran")
	_, err := server(t).Create(p.CreateRequest{
		Urn: urn, DryRun: true, Properties: inputs(map[string]string{"create": "touch " + file}),
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(file); err == nil {
		t.Error("a preview ran the script")
	}
}

func TestFailureShowsTheEndOfTheOutput(t *testing.T) {
	_, err := server(t).Create(p.CreateRequest{
		Urn: urn, Properties: inputs(map[string]string{"create": "echo out; echo why >&2; exit 3"}),
	})
	if err == nil || !strings.Contains(err.Error(), "exit status 3") || !strings.Contains(err.Error(), "why") {
		t.Errorf("error = %v", err)
	}
}

func TestOutputOfTheLastRunIsLeftOutOnRequest(t *testing.T) {
	s := server(t)
	in := inputs(map[string]string{"create": "echo one", "update": "echo \"[$PULUMI_COMMAND_STDOUT]\""}).
		Set("addPreviousOutputInEnv", property.New(false))
	created, err := s.Create(p.CreateRequest{Urn: urn, Properties: in})
	if err != nil {
		t.Fatal(err)
	}
	updated, err := s.Update(p.UpdateRequest{ID: created.ID, Urn: urn, State: created.Properties, Inputs: in})
	if err != nil {
		t.Fatal(err)
	}
	if got := text(updated.Properties, "stdout"); got != "[]" {
		t.Errorf("stdout = %q", got)
	}
}

func TestTriggersReplaceAndOtherInputsDoNot(t *testing.T) {
	s := server(t)
	state := inputs(map[string]string{"create": "true", "stdout": "", "stderr": ""}).
		Set("triggers", property.New([]property.Value{property.New("a")}))
	diff := func(in property.Map) p.DiffResponse {
		t.Helper()
		response, err := s.Diff(p.DiffRequest{ID: "x", Urn: urn, State: state, Inputs: in})
		if err != nil {
			t.Fatal(err)
		}
		return response
	}
	same := state.Delete("stdout").Delete("stderr")
	if got := diff(same); got.HasChanges {
		t.Errorf("equal inputs differ: %+v", got)
	}
	for path, kind := range diff(same.Set("stdin", property.New("y"))).DetailedDiff {
		if path != "stdin" || kind.Kind == p.UpdateReplace || kind.Kind == p.AddReplace {
			t.Errorf("%s: %+v", path, kind)
		}
	}
	replaced := false
	trigger := same.Set("triggers", property.New([]property.Value{property.New("b")}))
	for _, change := range diff(trigger).DetailedDiff {
		replaced = replaced || change.Kind == p.UpdateReplace
	}
	if !replaced {
		t.Error("a changed trigger does not replace")
	}
}

func TestWhatIsMissingIsRefused(t *testing.T) {
	s := server(t)
	check := func(urn resource.URN, in property.Map) error {
		_, err := s.Check(p.CheckRequest{Urn: urn, Inputs: in})
		return err
	}
	assets := inputs(map[string]string{"create": "true"}).
		Set("assetPaths", property.New([]property.Value{property.New("*")}))
	if err := check(urn, assets); err == nil || !strings.Contains(err.Error(), "assetPaths") {
		t.Errorf("assetPaths: %v", err)
	}
	remote := resource.URN("urn:pulumi:stack::project::command:remote:Command::test")
	if err := check(remote, property.Map{}); err == nil || !strings.Contains(err.Error(), "remote") {
		t.Errorf("remote command: %v", err)
	}
	if _, err := s.Invoke(p.InvokeRequest{Token: "command:local:run"}); err == nil {
		t.Error("a function is not refused")
	}
}

func TestCancellationEndsTheWholeGroup(t *testing.T) {
	pid := filepath.Join(t.TempDir(), "pid")
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() {
		done <- run(ctx, "create", "sleep 600 & echo $! > "+pid+".new; mv "+pid+".new "+pid+"; wait", &State{})
	}()
	var child string
	for child == "" {
		content, _ := os.ReadFile(pid)
		child = strings.TrimSpace(string(content))
		time.Sleep(10 * time.Millisecond)
	}
	cancel()
	if err := <-done; err == nil || !strings.Contains(err.Error(), "stopped") {
		t.Errorf("error = %v", err)
	}
	if state, err := os.ReadFile(filepath.Join("/proc", child, "stat")); err == nil && !strings.Contains(string(state), ") Z ") {
		t.Errorf("the script's child %s still runs", child)
	}
}
