/** A cluster of 500 nodes with 10,000 jobs waiting, on the lab's two controllers: what users wait for, and a failover. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { StackOutputs } from "../../../site/stack";
import { Cluster } from "../../faults/cluster";
import { type Guest, guest, type GuestKey, guestKey } from "../../support/guest";
import { hpc } from "../../support/hpc";
import { keepFigures } from "../../support/measured";
import { pace } from "../../support/pace";
import { ask, baseConfig, baseState, configure, eventually, on, stack } from "../../support/site";

const NODES = 500;
const JOBS = 10_000;
const SAMPLES = 30;
/** For 500 daemons to start and report on two cores, and for 10,000 jobs to be submitted one by one, ms. */
const LONG = 1_800_000 * pace();
/** No other machine's: the simulated nodes have the second half of the benchmarking range. */
const NETWORK = "198.19.0.0/23";
/** Who calls or is called by them. */
const OTHERS = ["slurm-m1", "slurm-m2", "compute1", "compute2", "client"];
/** Waits: no more nodes are there than it asks for, and one of them is drained. */
const JOB = `--partition=sim --nodes=${NODES} --output=/dev/null --time=10`;

const directory = mkdtempSync(path.join(tmpdir(), "hpc-ha-kit-"));
const kit = path.join(directory, "kit");
let outputs: StackOutputs;
let cluster: Cluster;
let key: GuestKey;
let machine: Guest;

const client = (command: string) =>
  ask(outputs, "client", command, { timeout: LONG }).then((r) => r.stdout.trim());
const waiting = async () => Number(await client("squeue -h -t PENDING | wc -l"));
const idle = async () => Number(await client("sinfo -h -N -p sim -t idle -o %N | sort -u | wc -l"));

/**
 * One slurmd for each node in one container. Debian's is built for one on a machine (no --enable-multiple-slurmd), so each has
 * a host name, a spool and a /run of its own, and listens on its node's address alone (NoInAddrAny).
 */
const SIMULATE = `
set -e
one() {
  own=/sim/$1
  mkdir -p $own/spool $own/run/munge
  mount --bind /run/munge $own/run/munge
  mount --rbind $own/run /run
  mount --bind $own/spool /var/lib/slurm/slurmd
  hostname $1
  exec /usr/sbin/slurmd -D -N $1 --conf-server $SERVER >$own/log 2>&1
}
if [ -n "$1" ]; then one $1; fi
awk '$2 ~ /^sim/ { print "address add " $1 "/32 dev eth0" }' /etc/hosts | ip -batch -
for name in $(awk '$2 ~ /^sim/ { print $2 }' /etc/hosts | sort -u | grep -vx sim000); do
  unshare --uts --mount --propagation private sh /sim/start $name &
done
wait
`;

const percentile = (values: number[], p: number) =>
  [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * p))] ??
  0;
/** How long each of some commands took that users type, ms. */
async function timed(command: string, times: number): Promise<number[]> {
  const once = `s=$(date +%s%N); ${command} >/dev/null || exit; echo $((($(date +%s%N) - s) / 1000000))`;
  return (await client(`for i in $(seq ${times}); do ${once}; done`)).split("\n").map(Number);
}

beforeAll(async () => {
  outputs = await baseState();
  cluster = new Cluster(outputs);
  key = guestKey();
  // The first of them is an ordinary node, which has munge's key and all names, and whom the firewalls know.
  machine = await guest("sim000", 245, key, 8192);
  const hosts = [
    { names: "sim000", addresses: machine.address },
    { names: "sim[001-250]", addresses: "198.19.0.[1-250]" },
    { names: `sim[251-${NODES - 1}]`, addresses: `198.19.1.[1-${NODES - 251}]` },
  ];
  const nodeGroups = [
    { name: "compute", count: 2 },
    { name: "sim", hosts, cpus: 2, memoryMiB: 500 },
  ];
  const partitions = [
    { name: "main", groups: ["compute"], default: true },
    { name: "sim", groups: ["sim"] },
  ];
  const options = { CommunicationParameters: "NoInAddrAny" };
  const slurm = baseConfig()["slurm"] as object;
  configure({ slurm: { ...slurm, nodeGroups, partitions, options, drainSeconds: 3 } });
  await stack.run("up");
  const route = `ip route replace ${NETWORK} via ${machine.address}`;
  await Promise.all(OTHERS.map((name) => on(outputs, name, route)));
  expect((await hpc("node-kit", kit)).code).toBe(0);
  await machine.run("sh -s", readFileSync(kit, "utf8"));
  const server = `${outputs.vips.slurm}:6817`;
  await machine.run("mkdir -p /sim && cat >/sim/start", `SERVER=${server}\n${SIMULATE}`);
  await machine.run(
    "systemd-run -q --unit=sim -p TasksMax=infinity -p LimitNOFILE=131072 -p KillMode=control-group sh /sim/start",
  );
  await eventually(
    `${NODES} nodes are idle`,
    LONG / 1000 / pace(),
    async () => (await idle()) === NODES,
    5,
  );
  await on(outputs, "client", "scontrol update nodename=sim001 state=drain reason=test");
}, LONG);

afterAll(async () => {
  await client("scancel --user=root").catch(() => undefined);
  configure();
  await stack.run("up");
  await machine.remove();
  key.remove();
  rmSync(directory, { recursive: true });
  await Promise.all(
    OTHERS.map((name) => on(outputs, name, `ip route del ${NETWORK}`, { reject: false })),
  );
  // Those that have ended are in the way of whoever measures next.
  await eventually(
    "Slurm has forgotten the jobs",
    300,
    async () => (await client("squeue -h -t all | wc -l")) === "0",
    5,
  );
  await baseState();
}, LONG);

it(
  "users submit and look within a second, and a failover loses no job and no node",
  { timeout: LONG },
  async () => {
    const submit = `sbatch ${JOB} --wrap true`;
    const [before = 0] = [percentile(await timed(submit, SAMPLES), 0.5)];
    await client(`seq ${JOBS - SAMPLES} | xargs -P 4 -I{} ${submit} >/dev/null`);
    await eventually(`${JOBS} jobs wait`, 60, async () => (await waiting()) >= JOBS, 1);
    const sbatch = await timed(submit, SAMPLES);
    const squeue = await timed("squeue", 5);
    const queued = await waiting();

    const holder = await cluster.holder("slurm");
    const saved = `find /mnt/slurm/spool/job_state -newermt "$(date -d '1 second ago' +%FT%T)" | grep -q .`;
    await eventually("the queue is saved", 60, () =>
      ask(outputs, holder, saved).then(
        () => true,
        () => false,
      ),
    );
    await on(outputs, holder, "pkill -KILL -x slurmctld");
    // It waits for a slurmctld by itself.
    const [takeover = Infinity] = await timed(submit, 1);
    await cluster.whole();
    expect(await waiting()).toBe(queued + 1);
    await eventually("all nodes are counted on", 120, async () => (await idle()) === NODES - 1, 1);

    const seconds = (ms: number) => (ms / 1000).toFixed(2);
    const rows = [
      ["sbatch, no job waits (median)", seconds(before)],
      [`sbatch, ${JOBS} jobs wait (median)`, seconds(percentile(sbatch, 0.5))],
      ["the same (95th percentile)", seconds(percentile(sbatch, 0.95))],
      ["squeue of all of them (median)", seconds(percentile(squeue, 0.5))],
      ["slurmctld killed, until a job is taken", seconds(takeover)],
    ];
    const figures = {
      measured: new Date().toISOString(),
      pace: pace(),
      NODES,
      JOBS,
      before,
      sbatch,
      squeue,
      takeover,
    };
    const table = rows.map((row) => `| ${row.join(" | ")} |`).join("\n");
    keepFigures(
      "scale",
      figures,
      `| ${NODES} nodes, ${JOBS} jobs waiting | s |\n| --- | --- |\n${table}`,
    );
    expect(percentile(sbatch, 0.95)).toBeLessThan(1000 * pace());
    // Its state is loaded and every job looked at: more than the seconds of a small cluster, and no minutes.
    expect(takeover).toBeLessThan(20_000 * pace());
  },
);
