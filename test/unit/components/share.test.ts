import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import execa from "execa";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Share } from "../../../components/share";
import { CONFIGURATION, base, family, fleet, known, machines } from "../../support/fleet";
import { registered } from "../../support/mocked";
import { find, runOf } from "../../support/referenceSite";

const COMMAND = "command:local:Command";
const clients = ["192.168.1.10"];
const target = "/mnt/slurm";

/** @param home of the site */
async function make(specs = machines.share, home = "/home") {
  const seen: { share?: Share; source?: string } = {};
  const made = await registered(async () => {
    const place = { ...fleet.place, home };
    const share = new Share("share", { fleet: { ...fleet, place }, specs, clients, target });
    seen.share = share;
    if (share.directory) seen.source = await known(share.directory.source);
  });
  return { made, ...seen };
}

describe("a share that a machine serves", () => {
  it("is the machine with its gate, and a run", async () => {
    expect(family((await make()).made)).toEqual([
      `share > share-config ${CONFIGURATION}`,
      "share > share-nfs-srv hpc-ha:machine:Machine",
      `share > share-nfs-srv-gate ${CONFIGURATION}`,
      "share hpc-ha:share:Share",
    ]);
  });

  it("exports its data volume to its clients and nobody else", async () => {
    const { made } = await make();
    // The policy reads it.
    expect(find(made, "share").inputs).toEqual({ clients });
    expect(runOf(made, "share-config").vars).toEqual({
      ...base("share"),
      share_device: "/dev/vdb",
      share_directory: "/slurm_shared",
      share_clients: clients,
    });
  });

  it("is mounted hard and without caches, once it is served", async () => {
    const { share } = await make();
    expect(share?.mount).toEqual({
      source: "192.168.1.12:/slurm_shared",
      target,
      options: "vers=4.2,proto=tcp,hard,timeo=50,retrans=2,actimeo=0,lookupcache=none,noatime",
    });
    expect([share?.directory, share?.served, share?.gate]).toEqual([
      undefined,
      expect.anything(),
      expect.anything(),
    ]);
  });

  it("takes the place of what 0.1 made below the controllers: a share, or the server of one", async () => {
    const urn = "urn:pulumi:prod::hpc-ha::hpc-ha:slurm:SlurmMasters";
    expect(find((await make()).made, "share").aliases).toEqual([
      `${urn}::slurm::hpc-ha:machine:StateShare::slurm-share`,
      `${urn}$hpc-ha:machine:StateShare::slurm-share::hpc-ha:nfs:NfsServer::slurm-share-nfs`,
    ]);
  });
});

describe("a share without a machine", () => {
  let home: string;
  beforeEach(() => {
    home = mkdtempSync(path.join(tmpdir(), "hpc-ha-unit-"));
  });
  afterEach(() => rmSync(home, { recursive: true }));

  it("is a directory of the host", async () => {
    const { made, share, source } = await make([], home);
    expect(family(made)).toEqual([
      `share > share-directory ${COMMAND}`,
      "share hpc-ha:share:Share",
    ]);
    expect(source).toBe(path.join(home, "sites/hpc-ha-prod/slurm-share"));
    expect(share?.directory?.target).toBe(target);
    expect([share?.mount, share?.served, share?.gate, share?.machines]).toEqual([
      undefined,
      undefined,
      undefined,
      [],
    ]);
  });

  it("goes with its content, and the site's directory with it when it is the last", async () => {
    const { made, source = "" } = await make([], home);
    const { create, delete: remove } = find(made, "share-directory").inputs as {
      create: string;
      delete: string;
    };
    const other = path.join(path.dirname(source), "other");
    await execa("sh", ["-c", create]);
    writeFileSync(path.join(source, "state"), "");
    mkdirSync(other);
    await execa("sh", ["-c", remove]);
    expect([existsSync(source), existsSync(other)]).toEqual([false, true]);
    rmSync(other, { recursive: true });
    await execa("sh", ["-c", create]);
    for (let i = 0; i < 2; i++) await execa("sh", ["-c", remove]);
    expect(existsSync(path.dirname(source))).toBe(false);
  });
});
