import * as fs from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { StackOutputs } from "../../site/stack";
import { Load } from "../support/load";
import { pace } from "../support/pace";
import { addressOf, ask, baseConfig, baseState, eventually, parsed } from "../support/site";

/** Longest time for one request, s. */
const MOST = Math.ceil(10 * pace());

let outputs: StackOutputs;
beforeAll(async () => {
  outputs = await baseState();
  await ask(outputs, "client", "cat > /root/ca.pem", { input: fs.readFileSync(outputs.caFile) });
});

const fromClient = (command: string) =>
  ask(outputs, "client", command).then((r) => r.stdout.trim());
/** Status, headers and body of a request from the client; the CA is the only one that it trusts. */
const curl = (args: string) =>
  fromClient(`curl -sS -i --max-time ${MOST} --cacert /root/ca.pem ${args}`);
/** The same to one web node, which lets in the HAProxy nodes only. */
const curlNode = (args: string) =>
  ask(outputs, "haproxy1", `curl -sS -i --max-time ${MOST} ${args}`).then((r) => r.stdout.trim());
const portOf = (service: string) =>
  parsed(baseConfig()).services.find((s) => s.name === service)?.port;
const WEB = ["web1", "web2"];

describe("Slurm", () => {
  it("runs a job on a compute node; squeue and sacct show it", async () => {
    const job = await fromClient(
      "sbatch --parsable --output=/tmp/%j.out --wrap 'hostname; sleep 3'",
    );
    expect(job).toMatch(/^\d+$/);
    await eventually("the job runs", 20, async () =>
      /^RUNNING compute\d$/.test(await fromClient(`squeue -h -j ${job} -o '%T %N'`)),
    );
    await eventually("sacct shows its end", 30, async () =>
      /^COMPLETED\|compute\d\|0:0$/m.test(
        await fromClient(`sacct -X -n -P -j ${job} -o State,NodeList,ExitCode`),
      ),
    );
    // What sacct showed is in the database, on every node of it.
    for (const node of ["galera1", "galera2", "galera3"]) {
      const query = `SELECT state FROM slurm_acct_db.hpc_job_table WHERE id_job = ${job}`;
      const { stdout } = await ask(outputs, node, `mariadb -N -e "${query}"`);
      expect([node, stdout]).toEqual([node, "3"]);
    }
  });
});

describe("srun, to which controllers and nodes connect", () => {
  const nodes = ["compute1", "compute2"];
  it("on the login machine", async () => {
    const said = await fromClient("srun --nodes=2 --mem=1 --time=1 hostname");
    expect(said.split("\n").sort()).toEqual(nodes);
  });

  it("in a job", async () => {
    const wrap = "sbatch --wait --nodes=2 --mem=1 --time=1 --output=/tmp/srun.out --wrap";
    await fromClient(`${wrap} 'srun --mem=1 hostname'`);
    // The output is where the job's first node is.
    const read = nodes.map((n) => ask(outputs, n, "cat /tmp/srun.out; rm -f /tmp/srun.out"));
    const said = (await Promise.allSettled(read)).flatMap((r) =>
      r.status === "fulfilled" ? r.value.stdout.split("\n") : [],
    );
    expect(said.filter((line) => line !== "").sort()).toEqual(nodes);
  });
});

describe("the web entry", () => {
  it("answers for each of the eight services over TLS that the CA verifies", async () => {
    const urls = Object.entries(outputs.urls);
    expect(urls).toHaveLength(8);
    for (const [service, url] of urls) {
      const page = service === "auth_portal" ? `${url}/login` : url;
      const answer = await curl(page);
      expect([service, answer.split("\r\n")[0]]).toEqual([service, "HTTP/2 200 "]);
      expect(answer).toMatch(/x-served-by: web[12]/);
    }
  });

  it("is not accepted without the CA", async () => {
    await expect(fromClient(`curl -sS ${outputs.urls["app"]}`)).rejects.toThrow(
      /certificate|unable to get local issuer/,
    );
  });

  it("states the address that a request came from, whatever it says itself", async () => {
    const names = ["X-Forwarded-For", "X_Forwarded_For", "X-Real-IP", "True-Client-IP"];
    const sent = [...names.map((n) => `${n}: 192.0.2.6`), "Forwarded: for=192.0.2.6"];
    const answer = await curl(
      `${sent.map((h) => `-H '${h}'`).join(" ")} ${outputs.urls["websocket"]}`,
    );
    expect(answer).toContain(`"client":"${addressOf(outputs, "client")}"`);
  });

  it("sends HTTP to HTTPS", async () => {
    const answer = await curl(`http://${outputs.vips.web}/app?x=1`);
    expect(answer).toMatch(/^HTTP\/1.1 301/);
    expect(answer).toContain(`location: https://${outputs.vips.web}/app?x=1`);
  });
});

describe("state of users", () => {
  let cookie: string;
  beforeAll(async () => {
    const body = JSON.stringify({ user: outputs.portalUser, password: outputs.portalPassword });
    const answer = await ask(
      outputs,
      "client",
      `curl -sS -i --cacert /root/ca.pem -H 'content-type: application/json' --data @- ${outputs.urls["auth_portal"]}/login`,
      { input: body },
    );
    cookie = /set-cookie: (portal_session=[^;]+)/.exec(answer.stdout)?.[1] ?? answer.stdout;
    expect(cookie).toMatch(/^portal_session=/);
  });

  it("a session made through the entry is valid on every web node", async () => {
    for (const web of WEB) {
      const url = `http://${addressOf(outputs, web)}:${portOf("auth_portal")}/auth/session`;
      const answer = await curlNode(`-H 'cookie: ${cookie}' ${url}`);
      expect(answer).toContain(`x-served-by: ${web}`);
      expect(answer).toContain('{"user":"admin"}');
      expect(await curlNode(`-H 'cookie: portal_session=other' ${url}`)).toMatch(/^HTTP\/1.1 401/);
    }
  });

  it("a setting written through one node is read through another", async () => {
    const value = `value-${Date.now()}`;
    const url = (web: string) =>
      `http://${addressOf(outputs, web)}:${portOf("backend")}/dashboard/api/settings/theme`;
    const put = `-X PUT -H 'content-type: application/json' -d '{"value":"${value}"}'`;
    expect(await curlNode(`-H 'cookie: ${cookie}' ${put} ${url("web1")}`)).toContain("web1");
    const answer = await curlNode(`-H 'cookie: ${cookie}' ${url("web2")}`);
    expect(answer).toContain("x-served-by: web2");
    expect(answer).toContain(`{"value":"${value}"}`);
  });
});

describe("WebSockets", () => {
  let load: Load;
  afterAll(() => load.kill());

  it("come back to the same node with their cookie", async () => {
    load = await Load.start(outputs, { rate: 1 });
    const settled = async (count: number) =>
      (await load.report()).sockets.every((s) => s.open && s.nodes.length === count);
    await eventually("20 WebSockets are open", 20, () => settled(1));
    load.reopenSockets();
    await eventually("they are open again", 20, () => settled(2));
    load.reopenSockets();
    await eventually("and a third time", 20, () => settled(3));
    const { sockets } = await load.stop();
    expect(sockets).toHaveLength(20);
    expect(sockets.filter((s) => new Set(s.nodes).size !== 1)).toEqual([]);
    // Both nodes have some, else staying would prove nothing.
    expect(new Set(sockets.map((s) => s.nodes[0]))).toEqual(new Set(WEB));
  });
});
