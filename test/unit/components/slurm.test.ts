import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import { Compute } from "../../../components/compute";
import { Controllers } from "../../../components/controllers";
import { Login } from "../../../components/login";
import { Share } from "../../../components/share";
import { family, fleet, machines, site, vips } from "../../support/fleet";
import { registered } from "../../support/mocked";
import { find, isSecret, request } from "../../support/referenceSite";

const cluster = {
  ...machines,
  slurm: site.slurm,
  ports: site.ports,
  vip: vips.slurm,
  patience: 2,
};
const database = {
  host: vips.data,
  port: 3306,
  name: "slurm_acct_db",
  user: "slurm",
  password: pulumi.secret("the database's password"),
  ready: pulumi.output("ready"),
};
const settings = {
  login: machines.login,
  interface: "eth0",
  prefixLength: 24,
  routerId: 51,
  advertSeconds: 0.25,
  patience: 2,
};
const COMMAND = "command:local:Command";

describe("Controllers", () => {
  const mount = { source: "192.168.1.12:/slurm_shared", target: "/mnt/slurm", options: "hard" };
  const make = () =>
    registered(
      () =>
        new Controllers("controllers", {
          fleet,
          specs: machines.controllers,
          share: { mount, served: pulumi.output("served") },
          cluster,
          settings,
          fencePort: 1229,
          database,
          ca: "the CA",
        }),
    );

  it("are two machines that may switch each other off, a munge key, and one run", async () => {
    expect(family(await make())).toEqual([
      "controllers > controllers-config hpc-ha:ansible:AnsibleRun",
      "controllers > controllers-fencing hpc-ha:machine:Fencing",
      "controllers > controllers-munge-key random:index/randomBytes:RandomBytes",
      "controllers > controllers-slurm-m1 hpc-ha:machine:Machine",
      `controllers > controllers-slurm-m1-gate ${COMMAND}`,
      "controllers > controllers-slurm-m2 hpc-ha:machine:Machine",
      `controllers > controllers-slurm-m2-gate ${COMMAND}`,
      "controllers hpc-ha:controllers:Controllers",
      `controllers-config > controllers-config-run ${COMMAND}`,
      "controllers-fencing > controllers-fencing-daemon test:machine:FenceDaemon",
      "controllers-fencing > controllers-fencing-key random:index/randomBytes:RandomBytes",
    ]);
  });

  it("are told cluster, timings, database and how to fence; gate and run the same", async () => {
    const made = await make();
    expect(isSecret(find(made, "controllers-config-run").inputs["stdin"])).toBe(true);
    const { vars } = request(made, "controllers-config-run");
    expect(vars).toMatchObject({
      base_mounts: [mount],
      munge_key: "secret-controllers-munge-key",
      slurm_cluster_name: "hpc",
      slurm_partition: "main",
      slurm_vip: "192.168.1.100",
      slurm_nodes: [
        { name: "compute1", cpus: 4, memory_mib: 7750 },
        { name: "compute2", cpus: 4, memory_mib: 7750 },
      ],
      slurm_srun_ports: "61000-63999",
      slurm_share: "/mnt/slurm",
      slurm_clients: [{ name: "client", address: "192.168.1.190" }],
      slurm_advert_seconds: 0.5,
      slurm_stale_seconds: 4,
      slurm_answer_seconds: 5,
      slurm_watchdog_seconds: 6,
      slurm_db_password: "the database's password",
      slurm_fence_key: "secret-controllers-fencing-key",
      slurm_fence_targets: [
        { machine: "slurm-m1", address: "192.168.1.2", port: 1229, domain: "hpc-ha-prod-slurm-m1" },
        { machine: "slurm-m2", address: "192.168.1.2", port: 1229, domain: "hpc-ha-prod-slurm-m2" },
      ],
      slurm_ha_program: { path: "slurm-ha/dist/slurm-ha" },
    });
    const gate = request(made, "controllers-slurm-m2-gate") as { run: { vars: unknown } };
    expect(gate.run.vars).toEqual(vars);
  });

  it("are switched off by a daemon that hears these two only, for these two only", async () => {
    expect(find(await make(), "controllers-fencing-daemon").inputs).toMatchObject({
      uri: "test:///",
      address: "192.168.1.2",
      port: 1229,
      sources: ["192.168.1.10", "192.168.1.11"],
      domains: ["hpc-ha-prod-slurm-m1", "hpc-ha-prod-slurm-m2"],
      network: "net",
    });
  });

  it("take the place of what 0.1 called SlurmMasters", async () => {
    expect(find(await make(), "controllers").aliases).toEqual(["hpc-ha:slurm:SlurmMasters::slurm"]);
  });
});

describe("compute nodes and the login machine", () => {
  const controllers = { mungeKey: pulumi.output("the munge key"), ready: pulumi.output("ready") };
  const common = { fleet, cluster, controllers };

  it("are machines with a run of their own playbook each", async () => {
    const made = await registered(() => {
      new Compute("compute", { ...common, specs: machines.compute });
      new Login("login", { ...common, specs: machines.login });
    });
    expect(family(made)).toEqual([
      "compute > compute-compute1 hpc-ha:machine:Machine",
      `compute > compute-compute1-gate ${COMMAND}`,
      "compute > compute-compute2 hpc-ha:machine:Machine",
      `compute > compute-compute2-gate ${COMMAND}`,
      "compute > compute-config hpc-ha:ansible:AnsibleRun",
      "compute hpc-ha:compute:Compute",
      `compute-config > compute-config-run ${COMMAND}`,
      "login > login-client hpc-ha:machine:Machine",
      `login > login-client-gate ${COMMAND}`,
      "login > login-config hpc-ha:ansible:AnsibleRun",
      "login hpc-ha:login:Login",
      `login-config > login-config-run ${COMMAND}`,
    ]);
    for (const tier of ["compute", "login"]) {
      const run = request(made, `${tier}-config-run`);
      expect(run).toMatchObject({
        playbook: `${tier}.yml`,
        vars: { munge_key: "the munge key", slurm_vip: "192.168.1.100" },
      });
      expect(JSON.stringify(run)).not.toContain("slurm_db_password");
    }
  });

  it("need not be there", async () => {
    const made = await registered(() => new Login("login", { ...common, specs: [] }));
    expect(family(made)).toEqual(["login hpc-ha:login:Login"]);
  });
});

describe("Share", () => {
  const args = { fleet, clients: ["192.168.1.10"], target: "/mnt/slurm" };

  it("is a directory of the host where no machine is planned for it", async () => {
    const made = await registered(() => new Share("share", { ...args, specs: [] }));
    expect(family(made)).toEqual([
      `share > share-directory ${COMMAND}`,
      "share hpc-ha:share:Share",
    ]);
    expect(find(made, "share-directory").inputs).toEqual({
      create: 'mkdir -p "/home/sites/hpc-ha-prod/slurm-share"',
      delete: expect.stringContaining('rm -rf "/home/sites/hpc-ha-prod/slurm-share"') as string,
    });
  });

  it("is a machine that exports its data volume to its clients and nobody else otherwise", async () => {
    let share: Share | undefined;
    const made = await registered(() => {
      share = new Share("share", { ...args, specs: machines.share });
    });
    expect(family(made)).toEqual([
      "share > share-config hpc-ha:ansible:AnsibleRun",
      "share > share-nfs-srv hpc-ha:machine:Machine",
      `share > share-nfs-srv-gate ${COMMAND}`,
      "share hpc-ha:share:Share",
      `share-config > share-config-run ${COMMAND}`,
    ]);
    expect(request(made, "share-config-run")["vars"]).toMatchObject({
      share_device: "/dev/vdb",
      share_directory: "/slurm_shared",
      share_clients: ["192.168.1.10"],
    });
    expect(share?.mount).toMatchObject({
      source: "192.168.1.12:/slurm_shared",
      target: "/mnt/slurm",
    });
    const urn = "urn:pulumi:prod::hpc-ha::hpc-ha:slurm:SlurmMasters";
    expect(find(made, "share").aliases).toEqual([
      `${urn}::slurm::hpc-ha:machine:StateShare::slurm-share`,
      `${urn}$hpc-ha:machine:StateShare::slurm-share::hpc-ha:nfs:NfsServer::slurm-share-nfs`,
    ]);
  });
});
