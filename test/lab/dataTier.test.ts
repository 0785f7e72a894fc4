import { beforeAll, expect, it } from "vitest";
import type { StackOutputs } from "../../site/stack";
import { CA_FILE } from "../../components/certificates";
import { pace } from "../support/pace";
import { playbookVars, webSettings } from "../support/playbooks";
import { ask, baseState } from "../support/site";

let outputs: StackOutputs;
let redis: (command: string) => Promise<string>;
let sql: (statement: string) => Promise<string>;
const GALERA = ["galera1", "galera2", "galera3"];

beforeAll(async () => {
  outputs = await baseState();
  const { environment: env } = await webSettings();
  const [forRedis, forGalera] = [await playbookVars("redis.yml"), await playbookVars("galera.yml")];
  /** As a service: at the data VIP, with its password; all that it is told. */
  const client = async (machine: string, variable: string, password: unknown, command: string) => {
    const script = `read -r ${variable}; export ${variable}; timeout ${Math.ceil(60 * pace())} ${command} 2>&1`;
    const input = `${String(password)}\n`;
    return (await ask(outputs, machine, script, { input, reject: false })).stdout;
  };
  const { data } = outputs.vips;
  redis = (command) =>
    client(
      "web1",
      "REDISCLI_AUTH",
      env["REDIS_PASSWORD"],
      `redis-cli --tls --cacert ${CA_FILE} -h ${data} -p ${String(forRedis["redis_port"])} ${command}`,
    );
  sql = (statement) =>
    client(
      "web1",
      "MYSQL_PWD",
      env["DB_PASSWORD"],
      `mariadb --no-defaults --ssl-ca=${CA_FILE} -h ${data} -P ${String(forGalera["galera_port"])} -u ${String(env["DB_USER"])} -N ${String(env["DB_NAME"])} -e "${statement}"`,
    );
});

it("a service keeps data in Redis, and neither empties, configures nor stops it", async () => {
  expect(await redis("set datatier 1 ex 60")).toBe("OK");
  for (const command of [
    "flushall",
    "flushdb",
    "config get maxmemory",
    "shutdown",
    "replicaof no one",
  ]) {
    expect(await redis(command)).toContain("NOPERM");
  }
  expect(await redis("get datatier")).toBe("1");
});

it("Redis knows how much it may keep, on every machine", async () => {
  const asked = `REDISCLI_AUTH=$(cat /etc/redis/admin) redis-cli --tls --cacert ${CA_FILE} --user admin config get maxmemory | tail -n 1`;
  for (const machine of ["redis1", "redis2", "redis3"]) {
    const { stdout } = await ask(outputs, machine, asked);
    expect(Number(stdout)).toBeGreaterThan(64 * 1024 * 1024);
  }
});

it("a table that would be on one node only is refused", async () => {
  expect(await sql("create table datatier (id int primary key) engine=myisam")).toMatch(
    /ERROR 1290/,
  );
  expect(await sql("show tables like 'datatier'")).toBe("");
});

it("a transaction that would hold everybody's writes up is refused, in pieces it is taken", async () => {
  const rows = "insert into datatier (v) select repeat('x', 190) from seq_1_to_500000";
  await sql("create table datatier (id int auto_increment primary key, v varchar(200))");
  try {
    expect(await sql(rows)).toMatch(/Maximum writeset size exceeded/);
    expect(await sql("select count(*) from datatier")).toBe("0");
    expect(await sql(`set session wsrep_trx_fragment_size = 1048576; ${rows}`)).toBe("");
  } finally {
    await sql("drop table if exists datatier");
  }
});

it("a full copy comes from a node that serves nobody", async () => {
  // All clients are on one node; a node's own connections are few everywhere.
  const connected = await Promise.all(
    GALERA.map(async (name) => {
      const { stdout } = await ask(outputs, name, "galera-check");
      return { name, connections: Number(/synced, *(\d+) connections/.exec(stdout)?.[1]) };
    }),
  );
  const serving = connected.reduce((most, one) =>
    one.connections > most.connections ? one : most,
  );
  for (const name of GALERA) {
    const { stdout } = await ask(
      outputs,
      name,
      "runuser -u mysql -- galera-donor && cat /run/mysqld/galera-donor",
    );
    const [first = ""] = /donor=(\S+)/.exec(stdout)?.[1]?.split(",") ?? [];
    expect(GALERA.filter((n) => n !== name)).toContain(first);
    expect(first).not.toBe(serving.name);
  }
});
