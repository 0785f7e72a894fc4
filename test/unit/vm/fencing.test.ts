import { beforeAll, describe, expect, it } from "vitest";
import type { Registration } from "../../support/mocked";
import execa from "execa";
import {
  applyScript,
  type FenceServiceRequest,
  localUri,
  removeScript,
  sshOf,
} from "../../../programs/fenceService";
import { referenceSite, request, temporaryHome, type Values } from "../../support/referenceSite";

temporaryHome();
let made: Registration[];
beforeAll(async () => {
  made = await referenceSite();
});

describe("fencing", () => {
  const service = (all: Registration[], hypervisor: string) =>
    request(all, `controllers-fencing-${hypervisor}-service`);

  it("is a service of each hypervisor that has a controller, for that one and by both only", () => {
    const services = made.filter((m) => m.name.endsWith("-service"));
    expect(services.map((s) => s.name)).toEqual([
      "controllers-fencing-hv1-service",
      "controllers-fencing-hv2-service",
    ]);
    expect(service(made, "hv2")).toMatchObject({
      name: "hpc-ha-prod-fence-hv2",
      uri: "qemu:///system",
      address: "192.168.1.3",
      port: 1229,
      sources: ["192.168.1.10", "192.168.1.11"],
      domains: ["hpc-ha-prod-slurm-m2"],
    });
    expect(service(made, "hv2")["ssh"]).toContain("root@hv2.example.org");
  });

  it("is known to both controllers with the hypervisor of each", () => {
    const { vars } = request(made, "controllers-config-run") as { vars: Values };
    expect(vars["slurm_fence_targets"]).toEqual([
      { machine: "slurm-m1", address: "192.168.1.2", port: 1229, domain: "hpc-ha-prod-slurm-m1" },
      { machine: "slurm-m2", address: "192.168.1.3", port: 1229, domain: "hpc-ha-prod-slurm-m2" },
    ]);
  });

  it("reaches a hypervisor as libvirt does", () => {
    expect(sshOf("qemu+ssh://admin@hv1:2222/system?keyfile=/k").join(" ")).toMatch(
      /^ssh -i \/k -p 2222 .*StrictHostKeyChecking=yes.* admin@hv1$/,
    );
    expect(sshOf("qemu+ssh://hv1/system").at(-1)).toBe("hv1");
    expect(sshOf("qemu:///system")).toEqual([]);
    expect(localUri("qemu+ssh://admin@hv1:2222/system?keyfile=/k")).toBe("qemu:///system");
    expect(localUri("qemu+unix:///system?socket=/s")).toBe("qemu+unix:///system?socket=/s");
  });

  it("is set up by a script that a shell understands, with the key as the controllers have it", async () => {
    const wanted: FenceServiceRequest = {
      name: "site-fence",
      ssh: [],
      uri: "qemu:///system",
      address: "192.168.1.3",
      port: 1229,
      sources: ["192.168.1.10"],
      domains: ["site-slurm-m2"],
      key: "S0VZ+/==",
    };
    const script = applyScript(wanted);
    expect(script).toContain("printf %s 'S0VZ+/==' >/etc/site-fence/key\n");
    // With the one that it has by default, a second one on a host takes itself for already running, and ends.
    expect(script).toContain("fence_virtd -F -w -p /run/site-fence/pid ");
    for (const text of [script, removeScript(wanted)]) await execa("sh", ["-n"], { input: text });
  });
});
