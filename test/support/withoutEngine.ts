/** What programs under Pulumi's mocks cannot have; the vitest set-up of the unit tests. */
import * as pulumi from "@pulumi/pulumi";
import { vi } from "vitest";

// The driver's code is serialised into the state, which needs it as node loads it, not as the tests do.
vi.mock("../../drivers/container/container", () => ({
  Container: class extends pulumi.CustomResource {
    declare readonly address: pulumi.Output<string>;
    declare readonly hostKey: pulumi.Output<string>;
    constructor(name: string, args: pulumi.Inputs, opts?: pulumi.CustomResourceOptions) {
      super("test:machine:Container", name, { ...args, hostKey: undefined }, opts);
    }
  },
}));
vi.mock("../../drivers/container/fenceDaemon", () => ({
  FenceDaemon: class extends pulumi.CustomResource {
    constructor(name: string, args: pulumi.Inputs, opts?: pulumi.CustomResourceOptions) {
      super("test:machine:FenceDaemon", name, args, opts);
    }
  },
}));
// There is no hypervisor to ask.
vi.mock("../../drivers/vm/hypervisorAnswer", () => ({ warnUnlessAnswers: vi.fn() }));
// Mocks have no transforms; test/preview has the policy with the engine.
vi.mock("../../policy/enforce", () => ({ enforcePolicy: () => undefined }));
