import { afterAll, beforeAll, expect, it } from "vitest";
import type { StackOutputs } from "../../site/stack";
import { pause } from "../../lib/wait";
import { FaultClients } from "../faults/clients";
import { Cluster } from "../faults/cluster";
import { hpc } from "../support/hpc";
import { pace } from "../support/pace";
import { ask, baseState, eventually, on } from "../support/site";

const NODES = ["galera1", "galera2", "galera3"];
/** All three find each other within 5 s; two of them would have by now, s. */
const BY_THEMSELVES = 15 * pace();

let outputs: StackOutputs;
let cluster: Cluster;
let clients: FaultClients | undefined;
beforeAll(async () => {
  outputs = await baseState();
  cluster = new Cluster(outputs);
  await cluster.whole();
});
afterAll(async () => {
  clients?.kill();
  // Jobs of its clients wait until they are looked for; each one that is known makes the next takeover longer.
  await ask(outputs, "client", "scancel --user=root");
  await baseState();
});

const each = (command: string, nodes = NODES) =>
  Promise.all(nodes.map((n) => ask(outputs, n, command, { reject: false }).then((r) => r.stdout)));
const synced = async (nodes = NODES) =>
  (await each("galera-check", nodes)).every((said) => said.includes("200 OK"));

it("all nodes lose power and one is lost: refused without --lost, with it nothing acknowledged is lost", async () => {
  const serving = await cluster.serving("galera");
  // Clients write to the first; what it had acknowledged, the others may not have written down yet.
  const lost = NODES.findLast((n) => n !== serving) ?? "";
  const back = NODES.filter((n) => n !== lost);
  clients = await FaultClients.start(outputs, `g${Date.now().toString(36)}`, {
    webUsers: "impatient",
  });
  await clients.progress("there is something to lose", 10);
  await Promise.all(NODES.map((n) => cluster.killMachine(n)));
  await Promise.all(back.map((n) => cluster.startMachine(n)));
  await eventually("two nodes are up", 30, async () =>
    (await each("echo up", back)).every((said) => said === "up"),
  );
  const before = (await clients.report()).sql.acknowledged;
  expect(before).toBeGreaterThan(10);
  await pause(BY_THEMSELVES);
  expect((await clients.report()).sql.acknowledged).toBe(before);

  const marks = () =>
    each("grep -c 'safe_to_bootstrap: 1' /var/lib/mysql/grastate.dat", back).then(String);
  const marked = await marks();
  const refused = await hpc("recover", "galera");
  expect(refused.code).toBe(1);
  expect(refused.said).toContain(`${lost} does not answer, and may have what the others have not`);
  expect(await marks()).toBe(marked);
  expect((await clients.report()).sql.acknowledged).toBe(before);

  expect(await hpc("recover", "galera", "--lost", back[0] ?? "")).toMatchObject({
    code: 1,
    said: expect.stringContaining(`${back[0]} is not lost`) as string,
  });

  const recovered = await hpc("recover", "galera", "--lost", lost);
  expect(recovered.code).toBe(0);
  expect(await synced(back)).toBe(true);
  const running = clients;
  await eventually("clients write again", 20, async () => {
    return (await running.report()).sql.acknowledged > before + 10;
  });

  await cluster.startMachine(lost);
  await eventually("the third has joined", 60, () => synced());
  const verdict = await clients.stop();
  expect(verdict.sql.acknowledged).toBeGreaterThan(before + 10);
  expect(verdict.sql.lost).toBe(0);
  console.log(`  ${verdict.sql.acknowledged} acknowledged, ${verdict.sql.lost} lost`);
  // All have the same rows, the one that was away too.
  const counts = await each("mariadb -BN -e 'SELECT COUNT(*) FROM portal.faults'");
  expect(new Set(counts).size).toBe(1);
});

it("nodes of different clusters: refused; stopped in order: the last to leave is the first to start", async () => {
  const grastate = "/var/lib/mysql/grastate.dat";
  for (const node of NODES) await on(outputs, node, "systemctl stop mariadb");
  const [own = ""] = await each(`sed -n 's/^uuid: *//p' ${grastate}`, ["galera1"]);
  const foreign = own.replace(/^.{8}/, "12345678");
  await on(outputs, "galera1", `sed -i 's/${own}/${foreign}/' ${grastate}`);
  const refused = await hpc("recover", "galera");
  expect(refused.code).toBe(1);
  expect(refused.said).toContain("not of the same cluster");
  expect(refused.said).toContain(foreign);
  expect(await synced(["galera3"])).toBe(false);

  await on(outputs, "galera1", `sed -i 's/${foreign}/${own}/' ${grastate}`);
  const recovered = await hpc("recover", "galera");
  expect(recovered.code).toBe(0);
  expect(recovered.said).toContain("Bootstrapping galera3");
  expect(await synced()).toBe(true);
});

it("where a node only is not running it is started, and where nothing is wrong nothing is done", async () => {
  await on(outputs, "galera2", "systemctl stop mariadb");
  const rejoined = await hpc("recover", "galera");
  expect(rejoined.code).toBe(0);
  expect(rejoined.said).toContain("Joining galera2");
  expect(await synced()).toBe(true);
  const nothing = await hpc("recover", "galera");
  expect(nothing.code).toBe(0);
  expect(nothing.said).not.toMatch(/Joining|Bootstrapping|Stopping/);
  await cluster.whole();
});

it("refuses what is no node, and says what is allowed", async () => {
  const { code, said } = await hpc("recover", "galera", "--lost", "galera9");
  expect(code).toBe(3);
  expect(said).toContain("--lost galera9: allowed is galera1, galera2, galera3");
});
