package random

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"github.com/blang/semver"
	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/integration"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/property"
	"golang.org/x/crypto/bcrypt"
)

func urn(kind string) resource.URN {
	lower := strings.ToLower(kind[:1]) + kind[1:]
	return resource.URN("urn:pulumi:stack::project::random:index/" + lower + ":" + kind + "::test")
}

func server(t *testing.T) integration.Server {
	t.Helper()
	s, err := integration.NewServer(context.Background(), "random", semver.MustParse("4.21.2"),
		integration.WithProvider(Provider()))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func create(t *testing.T, kind string, in map[string]property.Value) (p.CreateResponse, error) {
	t.Helper()
	s := server(t)
	checked, err := s.Check(p.CheckRequest{Urn: urn(kind), Inputs: property.NewMap(in)})
	if err != nil || len(checked.Failures) > 0 {
		t.Fatal(err, checked.Failures)
	}
	return s.Create(p.CreateRequest{Urn: urn(kind), Properties: checked.Inputs})
}

// secret says whether the schema, by which the SDK is made, calls an output secret.
func secret(t *testing.T, token, output string) bool {
	t.Helper()
	response, err := server(t).GetSchema(p.GetSchemaRequest{})
	if err != nil {
		t.Fatal(err)
	}
	var schema struct {
		Resources map[string]struct {
			Properties map[string]struct{ Secret bool }
		}
	}
	if err := json.Unmarshal([]byte(response.Schema), &schema); err != nil {
		t.Fatal(err)
	}
	return schema.Resources[token].Properties[output].Secret
}

func TestPassword(t *testing.T) {
	in := map[string]property.Value{"length": property.New(32.0), "special": property.New(false)}
	made, err := create(t, "RandomPassword", in)
	if err != nil {
		t.Fatal(err)
	}
	result := made.Properties.Get("result")
	if !secret(t, "random:index/randomPassword:RandomPassword", "result") {
		t.Error("the password is not secret")
	}
	if !regexp.MustCompile(`^[A-Za-z0-9]{32}$`).MatchString(result.AsString()) {
		t.Errorf("not 32 letters and digits: %d characters", len(result.AsString()))
	}
	hash := made.Properties.Get("bcryptHash").AsString()
	if bcrypt.CompareHashAndPassword([]byte(hash), []byte(result.AsString())) != nil {
		t.Error("bcryptHash is not that of the password")
	}
	again, _ := create(t, "RandomPassword", in)
	if again.Properties.Get("result").AsString() == result.AsString() {
		t.Error("two passwords are equal")
	}
}

func TestPasswordMinimaAreKept(t *testing.T) {
	made, err := create(t, "RandomPassword", map[string]property.Value{
		"length": property.New(4.0), "minUpper": property.New(2.0), "minNumeric": property.New(2.0),
	})
	if err != nil {
		t.Fatal(err)
	}
	text := made.Properties.Get("result").AsString()
	uppers := len(regexp.MustCompile(`[A-Z]`).FindAllString(text, -1))
	digits := len(regexp.MustCompile(`[0-9]`).FindAllString(text, -1))
	if uppers != 2 || digits != 2 {
		t.Errorf("%d capitals and %d digits", uppers, digits)
	}
}

func TestImpossibleRequestsAreRefused(t *testing.T) {
	for name, in := range map[string]map[string]property.Value{
		"length":   {"length": property.New(0.0)},
		"minLower": {"length": property.New(2.0), "minLower": property.New(3.0)},
		"lower, upper": {
			"length": property.New(2.0), "lower": property.New(false), "upper": property.New(false),
			"numeric": property.New(false), "special": property.New(false),
		},
	} {
		if _, err := create(t, "RandomPassword", in); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestBytes(t *testing.T) {
	made, err := create(t, "RandomBytes", map[string]property.Value{"length": property.New(64.0)})
	if err != nil {
		t.Fatal(err)
	}
	b64, hx := made.Properties.Get("base64"), made.Properties.Get("hex")
	fromB64, err := base64.StdEncoding.DecodeString(b64.AsString())
	fromHex, hexErr := hex.DecodeString(hx.AsString())
	if err != nil || hexErr != nil || string(fromB64) != string(fromHex) || len(fromB64) != 64 {
		t.Error("base64 and hex are not the same 64 bytes")
	}
	if !secret(t, "random:index/randomBytes:RandomBytes", "base64") {
		t.Error("the bytes are not secret")
	}
}

func TestEveryChangeReplaces(t *testing.T) {
	s := server(t)
	in := property.NewMap(map[string]property.Value{"length": property.New(16.0)})
	checked := func(in property.Map) property.Map {
		t.Helper()
		response, err := s.Check(p.CheckRequest{Urn: urn("RandomPassword"), Inputs: in})
		if err != nil {
			t.Fatal(err)
		}
		return response.Inputs
	}
	made, err := s.Create(p.CreateRequest{Urn: urn("RandomPassword"), Properties: checked(in)})
	if err != nil {
		t.Fatal(err)
	}
	diff := func(in property.Map) p.DiffResponse {
		t.Helper()
		response, err := s.Diff(p.DiffRequest{
			ID: made.ID, Urn: urn("RandomPassword"), State: made.Properties, Inputs: checked(in),
		})
		if err != nil {
			t.Fatal(err)
		}
		return response
	}
	if got := diff(in); got.HasChanges {
		t.Errorf("equal inputs differ: %+v", got)
	}
	if got := diff(in.Set("special", property.New(true))); got.HasChanges {
		t.Errorf("a default that is written out differs: %+v", got)
	}
	change := diff(in.Set("length", property.New(17.0))).DetailedDiff
	if len(change) != 1 || change["length"].Kind != p.UpdateReplace {
		t.Errorf("another length: %+v", change)
	}
}

func TestOthersAreRefused(t *testing.T) {
	_, err := server(t).Check(p.CheckRequest{Urn: urn("RandomPet")})
	if err == nil || !strings.Contains(err.Error(), "RandomPet") {
		t.Errorf("error = %v", err)
	}
}
