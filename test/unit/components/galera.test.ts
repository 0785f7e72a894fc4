import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import { Galera } from "../../../components/galera";
import { certificates } from "../../support/certificates";
import { CONFIGURATION, base, family, fleet, known, machines, site } from "../../support/fleet";
import { registered } from "../../support/mocked";
import { find, isSecret, runOf } from "../../support/referenceSite";

const databases = [
  { name: "portal", user: "portal" },
  { name: "slurm_acct_db", user: "slurm" },
];
const galera = (specs = machines.galera) =>
  new Galera("galera", {
    fleet,
    specs,
    certificates,
    ports: site.ports,
    patience: 2,
    host: "192.168.1.102",
    connections: 750,
    databases,
  });

describe("Galera", () => {
  it("is its machines with a gate each, a password for each database, and one run", async () => {
    const made = await registered(galera);
    expect(family(made)).toEqual([
      `galera > galera-config ${CONFIGURATION}`,
      ...[1, 2, 3].flatMap((n) => [
        `galera > galera-galera${n} hpc-ha:machine:Machine`,
        `galera > galera-galera${n}-gate ${CONFIGURATION}`,
      ]),
      "galera > galera-portal-password random:index/randomPassword:RandomPassword",
      "galera > galera-slurm_acct_db-password random:index/randomPassword:RandomPassword",
      "galera hpc-ha:galera:Galera",
    ]);
    const password = { length: 32, special: false };
    expect(find(made, "galera-portal-password").inputs).toEqual(password);
    expect(find(made, "galera").aliases).toEqual([]);
  });

  it("gives its cache half of the smallest machine, and its databases to whom they are for", async () => {
    const specs = machines.galera.map((spec, i) => ({ ...spec, memoryMiB: 8192 - 1024 * i }));
    const made = await registered(() => galera(specs));
    expect(isSecret(find(made, "galera-config").inputs["request"])).toBe(true);
    expect(runOf(made, "galera-config").vars).toEqual({
      ...base("galera"),
      galera_cluster: "site",
      galera_buffer_pool_mib: 3072,
      galera_max_connections: 750,
      galera_patience: 2,
      galera_port: 3306,
      galera_replication_port: 4567,
      galera_ist_port: 4568,
      galera_sst_port: 4444,
      galera_check_port: 9200,
      galera_databases: [
        { name: "portal", user: "portal", password: "secret-galera-portal-password" },
        { name: "slurm_acct_db", user: "slurm", password: "secret-galera-slurm_acct_db-password" },
      ],
      galera_ca: "the CA",
      galera_ca_file: "/etc/ssl/site-ca.pem",
      galera_certificates: Object.fromEntries(
        [1, 2, 3].map((n) => [`galera${n}`, `the key of galera${n}`]),
      ),
    });
  });

  it("knows its databases by name, at the data VIP, ready when it and the entry are", async () => {
    const made: { galera?: Galera; ready?: string } = {};
    await registered(async () => {
      made.galera = galera();
      made.ready = await known(made.galera.database("portal", pulumi.output("entry")).ready);
    });
    expect(made.galera?.database("portal", "entry")).toMatchObject({
      host: "192.168.1.102",
      port: 3306,
      name: "portal",
      user: "portal",
    });
    expect(made.ready).toBe("galera-config: done");
    expect(() => made.galera?.database("other", "ready")).toThrow(
      'no database "other": portal, slurm_acct_db',
    );
  });
});
