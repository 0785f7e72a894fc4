/** What the machines log is kept by each monitor, whoever of them is away for a while; and nothing is left when they go. */
import { randomBytes } from "node:crypto";
import execa from "execa";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { LogLine } from "../../../cli/logs";
import { projectRoot } from "../../../lib/project";
import { machinesOf } from "../../../plan/outputs";
import type { StackOutputs } from "../../../site/stack";
import { pace } from "../../support/pace";
import { playbookRequests, runAgain } from "../../support/playbooks";
import {
  addressOf,
  ask,
  baseConfig,
  baseState,
  configure,
  eventually,
  lastChanges,
  on,
  parsed,
  stack,
} from "../../support/site";

const SLOW = 900_000 * pace();
const MONITORS = ["monitor1", "monitor2"];
/** A line is found so long after it was written, s. The uploader tries again after 15 s, the store shows it after one. */
const FOUND = 30;
/** Nobody has written it before. */
const word = (what: string) => `${what}-${randomBytes(6).toString("hex")}`;

let outputs: StackOutputs;
let machines: string[] = [];
beforeAll(async () => {
  await baseState();
  configure({ members: { monitor: MONITORS.length } });
  await stack.run("up");
  outputs = await stack.outputs();
  machines = machinesOf(outputs).map(({ name }) => name);
}, 2 * SLOW);
// Nothing of it is left: the last test looks.
afterAll(() => baseState(), SLOW);

/** Machines whose lines with a text a monitor has, each as often as it has one. */
async function keptBy(monitor: string, text: string): Promise<string[]> {
  const query = `_time:1h _msg:"${text}" | fields _HOSTNAME`;
  const { stdout } = await ask(outputs, monitor, `log-query '${query}'`);
  return stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => (JSON.parse(line) as { _HOSTNAME: string })._HOSTNAME)
    .sort();
}
const log = (machine: string, text: string) => ask(outputs, machine, `logger -t test '${text}'`);
const onAll = (text: string) => Promise.all(machines.map((machine) => log(machine, text)));

/** Waits until each of these monitors has a line of each of these machines. */
async function found(
  text: string,
  seconds: number,
  { by = MONITORS, of = machines } = {},
): Promise<void> {
  let lacks: string[] = [];
  await eventually("the lines", seconds, async () => {
    const all = await Promise.all(
      by.map(async (monitor) => {
        const kept = await keptBy(monitor, text);
        return of.filter((m) => !kept.includes(m)).map((m) => `${monitor} lacks ${m}'s`);
      }),
    );
    lacks = all.flat();
    return lacks.length === 0;
  }).catch((error: unknown) => {
    throw new Error(`${String(error)}: ${lacks.join(", ")}`);
  });
}

/** `npx hpc logs …`, as JSON. */
async function hpcLogs(...args: string[]): Promise<{ lines: LogLine[]; said: string }> {
  const command = ["logs", ...args, "--json", "--stack", stack.name];
  const { stdout, stderr } = await execa("cli/hpc", command, { cwd: projectRoot, reject: false });
  return { lines: JSON.parse(stdout) as LogLine[], said: stderr };
}

it("a line of every machine is on every monitor", { timeout: SLOW }, async () => {
  // What was there before it is sent first.
  await found("This machine lives", 300);
  const text = word("everywhere");
  await onAll(text);
  await found(text, FOUND);
});

it(
  "what slurmctld writes to its file is there, of the machine where it runs",
  { timeout: SLOW },
  async () => {
    const job = await ask(outputs, "client", "sbatch --parsable --output /dev/null --wrap true");
    const holder = machines.filter((m) => m.startsWith("slurm-m"));
    const text = `JobId=${job.stdout.trim()} InitPrio`;
    let by: string[] = [];
    await eventually("slurmctld's line", FOUND, async () => {
      by = await keptBy("monitor1", text);
      return by.length > 0;
    });
    expect(by.every((machine) => holder.includes(machine))).toBe(true);
  },
);

it("a store that is stopped for a minute has all of it afterwards", { timeout: SLOW }, async () => {
  const text = word("meanwhile");
  await on(outputs, "monitor1", "systemctl stop log-store");
  try {
    for (const part of [1, 2, 3]) {
      await onAll(`${text}-${part}`);
      await new Promise((resolve) => setTimeout(resolve, 20_000));
    }
    await found(`${text}-1`, FOUND, { by: ["monitor2"] });
  } finally {
    await on(outputs, "monitor1", "systemctl start log-store");
  }
  for (const part of [1, 2, 3]) await found(`${text}-${part}`, 3 * FOUND);
});

it("no machine minds that a monitor is dead", { timeout: SLOW }, async () => {
  const text = word("alone");
  await on(outputs, "monitor1", "systemctl stop log-entry");
  try {
    const start = Date.now();
    await onAll(text);
    expect(Date.now() - start).toBeLessThan(30_000 * pace());
    await found(text, FOUND, { by: ["monitor2"] });
    const said = await ask(
      outputs,
      "redis1",
      "systemctl list-units --plain --no-legend --state=failed",
    );
    expect(said.stdout).toBe("");
  } finally {
    await on(outputs, "monitor1", "systemctl start log-entry");
  }
  await found(text, 3 * FOUND);
});

it("an uploader that stands is seen, and mended", { timeout: SLOW }, async () => {
  // Frozen: it takes no CPU time and sends nothing, as one that stands at a line.
  await on(outputs, "redis1", "kill -STOP $(systemctl show -P MainPID log-upload@monitor1)");
  await eventually(
    "it is started anew",
    480,
    async () => {
      const { stdout } = await ask(
        outputs,
        "redis1",
        "journalctl -u log-keep --since=-10min | grep -c 'stands, and is started anew'; true",
      );
      return stdout.trim() !== "0";
    },
    10,
  );
  const text = word("again");
  await log("redis1", text);
  await found(text, 2 * FOUND, { of: ["redis1"] });
});

it(
  "hpc logs finds it: of a machine, of a tier, in Korean, and each line once",
  { timeout: SLOW },
  async () => {
    const text = word("로그");
    await onAll(`${text} (한국어) [x]`);
    await found(text, FOUND);
    const redis = machines.filter((m) => m.startsWith("redis"));
    const { lines } = await hpcLogs("redis", "--since", "10m", "--grep", `${text} (한국어)`);
    expect(lines.map(({ machine }) => machine).sort()).toEqual(redis);
    expect(lines.map(({ at }) => at)).toEqual(lines.map(({ at }) => at).sort((a, b) => a - b));
    const one = await hpcLogs("galera1", "--grep", text.toUpperCase());
    expect(one.lines).toMatchObject([{ machine: "galera1", text: `${text} (한국어) [x]` }]);
  },
);

it(
  "hpc logs asks the other monitor, and the machines where none answers",
  { timeout: SLOW },
  async () => {
    const text = word("ask");
    await onAll(text);
    await found(text, FOUND);
    const stopped: string[] = [];
    try {
      for (const monitor of MONITORS) {
        await on(outputs, monitor, "systemctl stop log-store");
        stopped.push(monitor);
        const { lines, said } = await hpcLogs("redis1", "--since", "10m", "--grep", text);
        expect(lines.map(({ machine }) => machine)).toEqual(["redis1"]);
        expect(said).toContain(`No logs from there: ${monitor}`);
      }
    } finally {
      for (const monitor of stopped) await on(outputs, monitor, "systemctl start log-store");
    }
  },
);

it(
  "only who has the certificate may write, and nobody may read from outside",
  { timeout: SLOW },
  async () => {
    const { ports } = parsed(baseConfig());
    const url = `https://${addressOf(outputs, "monitor1")}:${ports.logs}`;
    const curl =
      "curl --silent --output /dev/null --write-out '%{http_code}' --max-time 10 --cacert /etc/log-upload.pem";
    const said = async (how: string) =>
      (await ask(outputs, "redis1", `${curl} ${how}; true`)).stdout;
    expect(await said(`--data query=x ${url}/select/logsql/query`)).toBe("000");
    const own = "--cert /etc/log-upload.pem";
    expect(await said(`${own} --data query=x ${url}/select/logsql/query`)).toBe("403");
    const type = "--header 'Content-Type: application/vnd.fdo.journal'";
    expect(await said(`${own} ${type} --data-binary '' ${url}/insert/journald/upload`)).toBe("200");
  },
);

it("a second run changes nothing", { timeout: SLOW }, async () => {
  await stack.run("up");
  expect(Object.keys(await lastChanges())).toEqual(["same"]);
  for (const request of await playbookRequests()) {
    const { playbook, changed } = await runAgain(request);
    expect([playbook, changed]).toEqual([playbook, []]);
  }
});

it("is taken away again, and nothing of it is left on the others", { timeout: SLOW }, async () => {
  outputs = await baseState();
  const look =
    "ls -d /etc/log-upload.pem /var/lib/log-upload /usr/local/sbin/log* /etc/systemd/system/*/log-* " +
    "/etc/systemd/system/log-* /mnt/slurm/logs/*.followed 2>/dev/null; " +
    "systemctl list-units --all --plain --no-legend 'log-*'; true";
  for (const { name } of machinesOf(outputs)) {
    const { stdout } = await ask(outputs, name, look);
    expect([name, stdout.trim()]).toEqual([name, ""]);
  }
});
