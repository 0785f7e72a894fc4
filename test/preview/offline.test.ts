import * as fs from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import execa from "execa";
import { beforeAll, describe, expect, it } from "vitest";
import { pace } from "../support/pace";
import { previewOffline } from "../../dev/previewOffline";
import { buildPortal } from "../../portal/build";
import { projectRoot } from "../../lib/project";

const TIMEOUT = 120_000 * pace();
beforeAll(buildPortal);

interface Plan {
  steps: { op: string; newState: { type: string; inputs?: Record<string, unknown> } }[];
}

/** Machines of the plan by role, as the domains' names tell. */
async function machines(webReplicas: string): Promise<Record<string, number>> {
  const { stdout, exitCode } = await previewOffline("prod", { webReplicas }, ["--json"], "pipe");
  expect(exitCode).toBe(0);
  const count: Record<string, number> = {};
  for (const { op, newState } of (JSON.parse(stdout) as Plan).steps) {
    expect(op).toBe("create");
    if (newState.type !== "libvirt:index/domain:Domain") continue;
    const name = String(newState.inputs?.["name"]).replace(/^hpc-ha-prod-/, "");
    const kind = name.replace(/\d+$/, "");
    count[kind] = (count[kind] ?? 0) + 1;
  }
  return count;
}

describe("the offline preview of the reference site", () => {
  // At once: each keeps one core busy for seconds.
  it.concurrent.each([2, 5, 10])(
    "plans every machine with a pool of %d",
    { timeout: TIMEOUT },
    async (n) => {
      expect(await machines(String(n))).toEqual({
        "slurm-m": 2,
        "nfs-srv": 1,
        compute: 2,
        client: 1,
        redis: 3,
        galera: 3,
        haproxy: 2,
        web: n,
      });
    },
  );

  it(
    "refuses a bad config with every fault, and leaves no trace",
    { timeout: TIMEOUT },
    async () => {
      const traces = async () => ({
        temporary: fs.readdirSync(tmpdir()).filter((n) => n.startsWith("hpc-ha-preview-")),
        clone: (await execa("git", ["status", "--short"], { cwd: projectRoot })).stdout,
      });
      const before = await traces();
      const changes = { webReplicas: "11", webReplica: "3" };
      const { stdout, exitCode } = await previewOffline("prod", changes, [], "pipe");
      expect(exitCode).not.toBe(0);
      expect(stdout).toContain("The stack config has 2 faults; nothing was changed:");
      expect(stdout).toContain("webReplicas = 11: allowed is 2 to 10");
      expect(await traces()).toEqual(before);
    },
  );
});

describe("the policy, in a preview", () => {
  it("stops a resource that breaks it before it is registered", { timeout: TIMEOUT }, async () => {
    const dir = fs.mkdtempSync(path.join(tmpdir(), "hpc-ha-policy-"));
    try {
      fs.symlinkSync(path.join(projectRoot, "node_modules"), path.join(dir, "node_modules"));
      fs.writeFileSync(path.join(dir, "Pulumi.yaml"), "name: bad\nruntime: nodejs\n");
      fs.writeFileSync(
        path.join(dir, "index.ts"),
        `import * as pulumi from "@pulumi/pulumi";
         import { enforcePolicy } from "${projectRoot}/policy/enforce";
         enforcePolicy({ machines: {}, apart: ["redis"], hypervisors: 1, webMax: 1 });
         class Server extends pulumi.ComponentResource {
           constructor(name: string, clients: string[]) { super("hpc-ha:share:Share", name, { clients }); }
         }
         new Server("good", ["192.168.1.10"]);
         new Server("bad", ["*"]);`,
      );
      const env = {
        PULUMI_BACKEND_URL: `file://${dir}`,
        PULUMI_CONFIG_PASSPHRASE: "none",
        PULUMI_CONFIG_PASSPHRASE_FILE: undefined,
      };
      await execa("pulumi", ["stack", "init", "s", "--no-select"], { cwd: dir, env });
      const result = await execa("pulumi", ["preview", "--stack", "s", "--non-interactive"], {
        cwd: dir,
        env,
        all: true,
        reject: false,
      });
      expect(result.exitCode).not.toBe(0);
      expect(result.all).toContain("Against the policy: bad: exports to *");
      expect(result.all).toMatch(/Share good create/);
    } finally {
      fs.rmSync(dir, { recursive: true });
    }
  });
});
