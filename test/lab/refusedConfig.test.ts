import { createHash } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import { baseConfig, baseState, configure, parsed, resources, stack } from "../support/site";

/** Hash of the state of all resources; the secrets are decrypted, since an encryption may differ from another. */
async function state(): Promise<string> {
  const { stdout } = await stack.start("stack", "export", "--show-secrets");
  const { deployment } = JSON.parse(stdout) as { deployment: { resources: unknown[] } };
  return createHash("sha256").update(JSON.stringify(deployment.resources)).digest("hex");
}

let before: string;
let encrypted: string | undefined;
beforeAll(async () => {
  await baseState();
  encrypted = resources();
  before = await state();
});

/** What is the same as it is encrypted need not be decrypted to be compared. */
async function expectUnchanged(): Promise<void> {
  if (encrypted === undefined || resources() !== encrypted) expect(await state()).toBe(before);
}

/** What `pulumi up` says to a changed config; it must fail, and change nothing. */
async function refusal(changes: Record<string, unknown>): Promise<string> {
  configure(changes);
  const result = await stack.start("up", "--yes", "--skip-preview").then(
    () => "",
    (error: { all: string }) => error.all,
  );
  await expectUnchanged();
  return result;
}

describe("`pulumi up` refuses, with key, value and what is allowed", () => {
  it.each([
    ["1", "webReplicas = 1: allowed is 2 to 10"],
    ["11", "webReplicas = 11: allowed is 2 to 10"],
    ["2.5", "webReplicas = 2.5: allowed is a whole number from web.min to web.max"],
    ["three", 'webReplicas = "three": allowed is a whole number'],
    [undefined, "webReplicas is missing: allowed is a whole number"],
  ])("a pool of %s", async (webReplicas, message) => {
    expect(await refusal({ webReplicas })).toContain(message);
  });

  it("min > max, and an unknown key", async () => {
    const said = await refusal({ web: { min: 5, max: 3 }, webReplica: "3" });
    expect(said).toContain("web.min = 5: must not be above web.max = 3");
    expect(said).toMatch(/webReplica: unknown key; allowed: .*\bwebReplicas, web,/);
  });

  it("bad addresses, ports used twice and an unreadable key file, all in one error", async () => {
    const { services } = parsed(baseConfig());
    const said = await refusal({
      addresses: { web1: "198.18.9.1", compute1: "198.18.2.132", client: "198.18.2.101" },
      services: services.map((s, i) => (i === 7 ? { ...s, port: services[0]?.port } : s)),
      ssh: { privateKeyFile: "/nonexistent/key" },
    });
    expect(said).toContain("The stack config has 5 faults; nothing was changed:");
    expect(said).toContain('addresses.web1 = "198.18.9.1": must be inside 198.18.2.0/24');
    expect(said).toContain('"198.18.2.132": already the address of redis');
    expect(said).toContain('"198.18.2.101": already the address of the VIP webVip');
    expect(said).toContain("services.7.port = 4430: already used by auth_portal; must be unique");
    expect(said).toContain('ssh.privateKeyFile = "/nonexistent/key": must be a readable file');
  });

  it("what a running site must not change by accident", async () => {
    const said = await refusal({ members: { galera: 1 }, slurm: { clusterName: "other" } });
    expect(said).toContain("members.galera = 1: the site has galera1, galera2, galera3");
    expect(said).toContain('slurm.clusterName = "other": the site was made with "hpc"');
  });
});
