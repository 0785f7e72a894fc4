import { local } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import { Controllers } from "../../../components/controllers";
import { accounts as accountsSchema } from "../../../components/slurm/accounts";
import { purgeOptions } from "../../../components/slurm/purge";
import { rest as restSchema } from "../../../components/slurm/rest";
import { cluster, clusterVars } from "../../support/cluster";
import {
  CONFIGURATION,
  type Asked,
  base,
  family,
  fleetOf,
  machines,
  site,
  vips,
} from "../../support/fleet";
import { type Registration, registered } from "../../support/mocked";
import { before, find, isSecret, request, runOf } from "../../support/referenceSite";

const mount = { source: "192.168.1.12:/slurm_shared", target: "/mnt/slurm", options: "hard" };
const share = { mount, served: pulumi.output("served") };
const make = (asked: Asked[] = [], told = cluster) =>
  registered(
    () =>
      new Controllers("controllers", {
        fleet: fleetOf(true, asked),
        specs: machines.controllers,
        share,
        cluster: told,
        settings: {
          purge: site.slurm.purge,
          drainSeconds: 60,
          packages: "debian",
          resubmitLost: true,
          interface: "eth0",
          prefixLength: 24,
          routerId: 51,
          advertSeconds: 0.25,
          patience: 2,
        },
        fencePort: 1229,
        database: {
          host: vips.data,
          port: 3306,
          name: "slurm_acct_db",
          user: "slurm",
          password: pulumi.secret("the database's password"),
          ready: new local.Command("database", {}).stdout,
        },
        ca: "the CA",
      }),
  );

describe("Controllers", () => {
  it("are two machines that may switch each other off, a munge key, and one run", async () => {
    const made = await make();
    expect(family(made.filter((m) => m.name !== "database"))).toEqual([
      "controllers > controllers-accounts pulumi-nodejs:dynamic/hpc-ha:Accounting",
      `controllers > controllers-config ${CONFIGURATION}`,
      "controllers > controllers-fencing hpc-ha:machine:Fencing",
      "controllers > controllers-munge-key random:index/randomBytes:RandomBytes",
      "controllers > controllers-slurm-m1 hpc-ha:machine:Machine",
      `controllers > controllers-slurm-m1-gate ${CONFIGURATION}`,
      "controllers > controllers-slurm-m2 hpc-ha:machine:Machine",
      `controllers > controllers-slurm-m2-gate ${CONFIGURATION}`,
      "controllers hpc-ha:controllers:Controllers",
      "controllers-fencing > controllers-fencing-daemon test:machine:FenceDaemon",
      "controllers-fencing > controllers-fencing-key random:index/randomBytes:RandomBytes",
    ]);
    expect(find(made, "controllers-munge-key").inputs).toEqual({ length: 128 });
  });

  it("share the state: their driver is told, and role base mounts it", async () => {
    const asked: Asked[] = [];
    const made = await make(asked);
    expect(asked).toMatchObject([{ name: "controllers", specs: machines.controllers }]);
    expect(asked[0]?.share).toBe(share);
    expect(runOf(made, "controllers-config").vars).toMatchObject({ base_mounts: [mount] });
  });

  it("are told cluster, timings, database and how to fence; gate and run the same", async () => {
    const made = await make();
    expect(isSecret(find(made, "controllers-config").inputs["request"])).toBe(true);
    const { vars } = runOf(made, "controllers-config");
    expect(vars).toEqual({
      ...base("controllers"),
      base_mounts: [mount],
      ...clusterVars("secret-controllers-munge-key"),
      slurm_ha_program: { path: "slurm-ha/dist/slurm-ha", hash: expect.any(String) as string },
      slurm_drain_seconds: 60,
      slurm_resubmit_lost: true,
      slurm_states: "36-38",
      slurm_mail_relay: "",
      slurm_dbd_options: purgeOptions(site.slurm.purge),
      slurm_rest_key_file: "/etc/slurm/jwt.key",
      slurm_vip_prefix_length: 24,
      slurm_interface: "eth0",
      slurm_router_id: 51,
      slurm_advert_seconds: 0.5,
      slurm_stale_seconds: 4,
      slurm_answer_seconds: 5,
      slurm_watchdog_seconds: 6,
      slurm_dbd_silent_seconds: 0.6,
      slurm_db_host: "192.168.1.102",
      slurm_db_port: 3306,
      slurm_db_name: "slurm_acct_db",
      slurm_db_user: "slurm",
      slurm_db_password: "the database's password",
      slurm_db_ca: "the CA",
      slurm_db_ca_file: "/etc/ssl/site-ca.pem",
      slurm_fence_key: "secret-controllers-fencing-key",
      slurm_fence_targets: [
        { machine: "slurm-m1", address: "192.168.1.2", port: 1229, domain: "hpc-ha-prod-slurm-m1" },
        { machine: "slurm-m2", address: "192.168.1.2", port: 1229, domain: "hpc-ha-prod-slurm-m2" },
      ],
    });
    expect(runOf(made, "controllers-slurm-m2-gate").vars).toEqual(vars);
  });

  it("are configured when the database is, and come back without waiting for it", async () => {
    const made = await make();
    expect(before(made, "controllers-config")).toContain("database");
    expect(before(made, "controllers-slurm-m1-gate")).not.toContain("database");
  });

  it("have accounts told to slurmdbd once they are configured, by any of them, in a change of its own", async () => {
    const accounts = accountsSchema.parse({ accounts: [{ name: "physics" }] });
    const made = await make([], { ...cluster, slurm: { ...cluster.slurm, accounts } });
    expect(before(made, "controllers-accounts")).toContain("controllers-config");
    expect(request(made, "controllers-accounts")).toEqual({ clusterName: "hpc", accounts });
    const asked = find(made, "controllers-accounts").inputs["controllers"];
    expect(asked).toMatchObject([{ machine: "slurm-m1" }, { machine: "slurm-m2" }]);
    // A user more is no reason to touch a machine.
    const wanted = (all: Registration[]) => find(all, "controllers-config").inputs["wanted"];
    expect(wanted(made)).toEqual(wanted(await make()));
    expect(find(await make(), "controllers-accounts").inputs["request"]).toBe("");
  });

  it("have keys of their own for the REST API, where the site has one, and for the portal", async () => {
    const on = (rest: object) =>
      make([], { ...cluster, slurm: { ...cluster.slurm, rest: restSchema.parse(rest) } });
    const keys = (made: Registration[]) =>
      made.filter(({ name }) => /-(jwt|portal)-key$/.test(name)).map(({ name }) => name);
    expect(keys(await make())).toEqual([]);
    expect(keys(await on({ enabled: true }))).toEqual(["controllers-jwt-key"]);
    const made = await on({ enabled: true, portal: { users: { admin: "kim" } } });
    expect(keys(made)).toEqual(["controllers-jwt-key", "controllers-portal-key"]);
    expect(isSecret(find(made, "controllers-config").inputs["request"])).toBe(true);
    const { vars } = runOf(made, "controllers-config");
    expect(vars).toMatchObject({
      slurm_rest: { port: 6820, tokens_port: 6821 },
      slurm_rest_key: "secret-controllers-jwt-key",
      slurm_options: { AuthAltTypes: "auth/jwt" },
    });
    expect(Buffer.from(String(vars["slurm_rest_portal"]), "base64").toString()).toContain(
      "secret-controllers-portal-key",
    );
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
