/** What programs under Pulumi's mocks cannot have; the vitest set-up of the unit tests. */
import { vi } from "vitest";

// Loaded by those tests only that need it: it takes longer than most of them.
const sdk = () => import("@pulumi/pulumi");

// The driver's code is serialised into the state, which needs it as node loads it, not as the tests do.
vi.mock("../../drivers/container/container", async () => {
  const { CustomResource } = await sdk();
  return {
    Container: class extends CustomResource {
      constructor(name: string, args: object, opts?: object) {
        super("test:machine:Container", name, { ...args, hostKey: undefined }, opts);
      }
    },
  };
});
vi.mock("../../drivers/container/fenceDaemon", async () => {
  const { CustomResource } = await sdk();
  return {
    FenceDaemon: class extends CustomResource {
      constructor(name: string, args: object, opts?: object) {
        super("test:machine:FenceDaemon", name, { ...args }, opts);
      }
    },
  };
});
// There is no hypervisor to ask.
vi.mock("../../drivers/vm/hypervisorAnswer", () => ({ warnUnlessAnswers: vi.fn() }));
// Mocks have no transforms; test/preview has the policy with the engine.
vi.mock("../../policy/enforce", () => ({ enforcePolicy: () => undefined }));
