import { beforeAll, expect, it } from "vitest";
import { twoWriters } from "../faults/history";
import { eventually } from "../support/site";
import { baseState, EVERY, PATIENCE, type Site } from "./site";

let site: Site;
beforeAll(async () => {
  site = await baseState();
});

it("the state share is real NFS, mounted hard, exported to the controllers and to nobody else", async () => {
  expect(await site.on("slurm-m1", "findmnt -no FSTYPE,OPTIONS /mnt/slurm")).toMatch(
    /^nfs4 .*\bvers=4\.2\b.*\bhard\b/,
  );
  const exports = await site.on("nfs-srv", "exportfs -s");
  expect(exports.match(/198\.18\.3\.\d+/g)).toEqual(["198.18.3.10", "198.18.3.11"]);
  // Not even a machine of the site gets in: its packets end at the server's firewall.
  const try_ = "timeout 20 mount -t nfs4 198.18.3.12:/slurm_shared /mnt; echo $?";
  expect(await site.on("compute1", try_)).not.toBe("0");
});

it("its server reboots while users submit: the controllers recover by themselves, no job is lost", async () => {
  const job = await site.runningJob(3600);
  const before = await site.job(job);
  const booted = await site.bootId("nfs-srv");
  // What is acknowledged must be there afterwards. A submission that fails, or waits, is no loss.
  const submitted: string[] = [];
  let stop = false;
  const load = (async () => {
    while (!stop) {
      const id = await site
        .slurm("timeout 30 sbatch --parsable --output=/dev/null --mem=1 --hold --wrap true", 60)
        .catch(() => "");
      if (/^\d+$/.test(id)) submitted.push(id);
    }
  })();
  try {
    await eventually("submissions go through", PATIENCE, () =>
      Promise.resolve(submitted.length >= 2),
    );
    const early = submitted.length;
    await site.on("nfs-srv", "systemctl reboot").catch(() => undefined);
    await eventually(
      "the server is back",
      PATIENCE,
      async () => (await site.bootId("nfs-srv").catch(() => booted)) !== booted,
      EVERY,
    );
    await site.whole();
    await eventually("submissions go through again", PATIENCE, () =>
      Promise.resolve(submitted.length >= early + 2),
    );
  } finally {
    stop = true;
    await load;
  }
  await site.whole();
  expect(await site.job(job)).toBe(before);
  const queued = new Set((await site.slurm("squeue -h -o %i")).split("\n"));
  expect(submitted.filter((id) => !queued.has(id))).toEqual([]);
  const by = await site.holder();
  expect(twoWriters(await site.histories(by ?? ""))).toEqual([]);
  await site.slurm("scancel --user=root");
});
