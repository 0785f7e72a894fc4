import * as fs from "node:fs";
import { Agent, request } from "node:https";
import { afterAll, beforeAll, expect, it } from "vitest";
import { packagesOf } from "../../../components/slurm/packages";
import { environmentIn } from "../../../portal/slurmRest";
import type { StackOutputs } from "../../../site/stack";
import { hpc } from "../../support/hpc";
import { playbookRequests, runAgain } from "../../support/playbooks";
import {
  ask,
  baseConfig,
  baseState,
  configure,
  eventually,
  on,
  parsed,
  stack,
} from "../../support/site";

/** Of the Slurm that the lab has. */
const { api } = packagesOf(parsed(baseConfig()).slurm.packages).rest;
/** Status of an answer to a token that is not good, and to who may not do that (with why in the answer). */
const [BAD_TOKEN, DENIED] = api === "v0.0.38" ? [500, 500] : [511, 200];

const CONTROLLERS = ["slurm-m1", "slurm-m2"];
const MACHINES = [...CONTROLLERS, "haproxy1", "compute1", "client", "web1"];
/** Not those of other tests: ids stay on the machines. */
const users = {
  local: [
    { name: "min", uid: 2011 },
    { name: "seo", uid: 2012 },
  ],
};
const rest = { enabled: true, portal: { users: { admin: "min" } } };
const TRACES = [
  ...["/etc/slurm/jwt.key", "/etc/slurm/tokens.json", "/usr/local/sbin/slurm-tokens"],
  ...["/etc/systemd/system/slurmrestd.service", "/etc/systemd/system/slurm-tokens.service"],
].join(" ");
let outputs: StackOutputs;
let agent: Agent;

const setUp = (changes: object = { rest }) =>
  configure({ users, slurm: { ...(baseConfig()["slurm"] as object), ...changes } });
const said = (machine: string, command: string) =>
  ask(outputs, machine, command, { reject: false }).then((r) => r.stdout.trim());
/** A token of a user's own, as he makes it on the login machine. */
const tokenOf = async (user: string) =>
  (await ask(outputs, "client", `runuser -u ${user} -- scontrol token lifespan=600`)).stdout
    .trim()
    .replace("SLURM_JWT=", "");

interface Said {
  status: number;
  text: string;
  cookie: string;
  location: string;
}
/** One request at the web VIP, whose certificate is verified. */
const send = (path: string, options: object = {}, body?: string) =>
  new Promise<Said>((resolve, reject) => {
    const asked = request({ host: outputs.vips.web, path, agent, ...options }, (answer) => {
      let text = "";
      answer.on("data", (data: Buffer) => (text += data.toString()));
      answer.on("end", () => {
        const { location = "", "set-cookie": cookies = [] } = answer.headers;
        const cookie = cookies.map((c) => c.split(";")[0]).join("; ");
        resolve({ status: answer.statusCode ?? 0, text, cookie, location });
      });
    });
    asked.on("error", reject);
    asked.end(body);
  });
/** Asks slurmrestd behind the entry as a user. */
const as = (user: string, token: string, path: string, method = "GET", body?: object) =>
  send(
    `/slurm/${api}/${path}`,
    {
      method,
      headers: {
        "X-SLURM-USER-NAME": user,
        "X-SLURM-USER-TOKEN": token,
        ...(body && { "Content-Type": "application/json" }),
      },
    },
    body && JSON.stringify(body),
  );
const jobOf = (script: string) => ({
  script: `#!/bin/sh\n${script}\n`,
  job: {
    name: "byREST",
    current_working_directory: "/tmp",
    time_limit: 5,
    environment: environmentIn(api, { PATH: "/usr/bin:/bin" }),
  },
});
const submit = async (user: string, token: string, script: string): Promise<number> => {
  const { status, text } = await as(user, token, "job/submit", "POST", jobOf(script));
  expect([status, text]).toEqual([200, expect.stringContaining('"job_id"')]);
  return (JSON.parse(text) as { job_id: number }).job_id;
};
const stateOf = async (user: string, token: string, job: number) => {
  const { text } = await as(user, token, `job/${job}`);
  const { jobs } = JSON.parse(text) as { jobs: { job_state: string | string[] }[] };
  return [jobs[0]?.job_state].flat()[0];
};

beforeAll(async () => {
  outputs = await baseState();
  setUp();
  await stack.run("up");
  outputs = await stack.outputs();
  agent = new Agent({ ca: fs.readFileSync(outputs.caFile, "utf8"), keepAlive: true });
});
afterAll(async () => {
  agent?.destroy();
  await baseState();
});

it("who brings no token, or one that is nobody's, is refused", async () => {
  expect((await send(`/slurm/${api}/jobs`)).status).toBe(401);
  const wrong = await as("min", "nonsense", "jobs");
  expect([wrong.status, JSON.parse(wrong.text)]).toMatchObject([BAD_TOKEN, { jobs: [] }]);
  // One's own token is no other's.
  const other = await as("seo", await tokenOf("min"), "jobs");
  expect([other.status, JSON.parse(other.text)]).toMatchObject([BAD_TOKEN, { jobs: [] }]);
});

it("a user lists and submits with a token of his, and his job runs as him", async () => {
  const token = await tokenOf("min");
  const job = await submit("min", token, "id -un >/tmp/byREST.$SLURM_JOB_ID");
  const done = async () => (await stateOf("min", token, job)) === "COMPLETED";
  await eventually("the job has run", 60, done, 1);
  const look = `cat /tmp/byREST.${job}`;
  const found = await Promise.all(["compute1", "compute2"].map((m) => said(m, look)));
  expect(found.filter((text) => text !== "")).toEqual(["min"]);
  // The accounting knows it too, once slurmctld has told it all: of a short job it has the end before the name.
  let db: Said | undefined;
  await eventually("the accounting has its name", 60, async () => {
    db = await send(`/slurmdb/${api}/job/${job}`, {
      headers: { "X-SLURM-USER-NAME": "min", "X-SLURM-USER-TOKEN": token },
    });
    return db.status === 200 && db.text.includes('"byREST"');
  }).catch((error: unknown) => {
    throw new Error(`${String(error)}: ${db?.status} ${db?.text}`);
  });
});

it("another user's job is not his to cancel", async () => {
  const [min, seo] = [await tokenOf("min"), await tokenOf("seo")];
  const job = await submit("min", min, "sleep 120");
  const refused = await as("seo", seo, `job/${job}`, "DELETE");
  expect([refused.status, refused.text]).toEqual([
    DENIED,
    expect.stringContaining("permission denied"),
  ]);
  expect(await stateOf("seo", seo, job)).not.toBe("CANCELLED");
  expect((await as("min", min, `job/${job}`, "DELETE")).status).toBe(200);
});

it("users make tokens for themselves only, and for no longer than the site lets them", async () => {
  const make = (words: string) =>
    ask(outputs, "client", `runuser -u min -- scontrol token ${words}`, { reject: false });
  expect((await make("username=seo")).stdout).not.toContain("SLURM_JWT");
  expect((await make("username=root")).stdout).not.toContain("SLURM_JWT");
  expect((await make("lifespan=86401")).stdout).not.toContain("SLURM_JWT");
});

it("the key is on the controllers, for slurmctld and who makes tokens; no daemon of it is root or SlurmUser", async () => {
  const keys = "stat -c '%a %U %G' /etc/slurm/jwt.key 2>/dev/null; sha256sum </etc/slurm/jwt.key";
  const found = await Promise.all(CONTROLLERS.map((m) => said(m, keys)));
  expect(new Set(found).size).toBe(1);
  expect(found[0]).toMatch(/^640 slurm slurm-tokens\n/);
  const elsewhere = "cat /etc/slurm/jwt.key /etc/slurm/tokens.json 2>/dev/null | wc -c";
  const others = MACHINES.filter((m) => !CONTROLLERS.includes(m));
  expect(await Promise.all(others.map((m) => said(m, elsewhere)))).toEqual(others.map(() => "0"));
  const run =
    "for unit in slurmrestd slurm-tokens; do stat -c %U /proc/$(systemctl show -P MainPID $unit); done";
  const users = "slurmrestd\nslurm-tokens";
  expect(await Promise.all(CONTROLLERS.map((m) => said(m, run)))).toEqual([users, users]);
});

it("the entry alone reaches it, and of the others web nodes the entry's", async () => {
  const [controller = ""] = Object.values(outputs.addresses["controllers"] ?? {});
  const code = (machine: string, url: string) =>
    said(machine, `curl -s -m 3 -o /dev/null -w '%{http_code}' ${url}`);
  const slurmrestd = `http://${controller}:6820/slurm/`;
  expect(
    await Promise.all(["haproxy1", "web1", "client", "compute1"].map((m) => code(m, slurmrestd))),
  ).toEqual(["401", "000", "000", "000"]);
  const tokens = `http://${controller}:6821/health`;
  expect(await Promise.all(["haproxy1", "web1", "client"].map((m) => code(m, tokens)))).toEqual([
    ...["200", "000", "000"],
  ]);
  const atEntry = `http://${outputs.vips.data}:6820/slurm/`;
  expect(await Promise.all(["web1", "client"].map((m) => code(m, atEntry)))).toEqual([
    ...["401", "000"],
  ]);
  // Tokens are never to be had from outside.
  expect((await send("/token", { method: "POST" }, "{}")).text).not.toContain("signed");
});

it("the portal's user sees his jobs on the dashboard, and submits one", async () => {
  const form = { "Content-Type": "application/x-www-form-urlencoded" };
  const credentials = new URLSearchParams({ user: "admin", password: outputs.portalPassword });
  const login = { method: "POST", headers: form };
  const { cookie } = await send("/auth/login", login, credentials.toString());
  const script = "#!/bin/sh\r\nid -un\r\n";
  const job = new URLSearchParams({ name: "fromPortal", script }).toString();
  const post = { method: "POST", headers: { ...form, cookie } };
  const submitted = await send("/dashboard/jobs", post, job);
  expect([submitted.status, submitted.location]).toEqual([303, "/dashboard/jobs"]);
  const shown = await send("/dashboard/jobs", { headers: { cookie } });
  expect([shown.status, shown.text]).toEqual([200, expect.stringContaining("<td>fromPortal</td>")]);
  expect(await said("client", "squeue -h -a -t all -n fromPortal -o %u")).toBe("min");
  expect((await send("/dashboard/jobs")).status).toBe(401);
});

it("it answers whichever controller serves, and status knows its units", async () => {
  const token = await tokenOf("min");
  const listed = async () => (await as("min", token, "jobs")).status === 200;
  await on(outputs, "slurm-m1", "systemctl stop slurmrestd slurm-tokens");
  await eventually("the other one answers", 20, listed);
  expect((await hpc("doctor")).said).toContain("slurmrestd");
  await on(outputs, "slurm-m1", "systemctl start slurmrestd slurm-tokens");
  expect((await hpc("switchover", "controllers")).code).toBe(0);
  await eventually("it answers after a switchover", 20, listed);
});

it("a second run changes nothing", async () => {
  const requests = await playbookRequests();
  const wanted = ["controllers.yml", "entry.yml", "web.yml", "login.yml"];
  const again = requests.filter(({ playbook }) => wanted.includes(playbook));
  const runs = await Promise.all(again.map(runAgain));
  expect(runs.map(({ playbook, changed }) => [playbook, changed])).toEqual(
    again.map(({ playbook }) => [playbook, []]),
  );
});

it("a token is in no journal", async () => {
  const token = await tokenOf("min");
  await as("min", token, "jobs");
  const look = `journalctl -q -o cat | grep -cF '${token}'`;
  const machines = [...CONTROLLERS, "haproxy1", "haproxy2", "web1"];
  expect(await Promise.all(machines.map((m) => said(m, look)))).toEqual(machines.map(() => "0"));
});

it("without it nothing of it is left, and slurmctld takes no tokens any more", async () => {
  const token = await tokenOf("min");
  setUp({});
  await stack.run("up");
  const look =
    `ls ${TRACES} 2>/dev/null | wc -l; grep -c '^slurmrestd:\\|^slurm-tokens:' /etc/passwd; ` +
    "systemctl is-active slurmrestd slurm-tokens; grep -c AuthAlt /etc/slurm/slurm.conf /etc/slurm/slurmdbd.conf";
  const left = await Promise.all(CONTROLLERS.map((m) => said(m, look)));
  const nothing = "0\n0\ninactive\ninactive\n/etc/slurm/slurm.conf:0\n/etc/slurm/slurmdbd.conf:0";
  expect(left).toEqual([nothing, nothing]);
  expect(await said("haproxy1", "grep -c slurm_rest /etc/haproxy/haproxy.cfg")).toBe("0");
  expect(await said("web1", "cat /opt/hpc-dashboard/*/.env | grep -c SLURM_")).toBe("0");
  // No service of the portal answers for it.
  expect((await as("min", token, "jobs")).text).not.toContain('"jobs"');
});
