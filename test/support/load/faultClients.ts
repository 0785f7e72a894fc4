/**
 * Clients of every tier, from a machine of the lab, for the fault suite: each does its thing over and over and tells
 * the longest time that it could not; at the end what was acknowledged is looked for again.
 * stdin: options as one line of JSON, then "report" for a Report, and its end for the Verdict.
 */
import { execFile } from "node:child_process";
import * as https from "node:https";
import * as net from "node:net";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { Redis } from "ioredis";
import { createConnection, type Connection } from "mysql2/promise";
import { verifiedMysql, verifiedRedis } from "../../../portal/tls";
import {
  CLIENTS,
  type Client,
  type FaultOptions,
  type Report,
  type Verdict,
} from "./faultProtocol";
import { Writer } from "./writer";

const run = promisify(execFile);
/** A client gives an attempt up after this time, ms; shorter than what is measured, so that it shows. */
const PATIENCE = 500;
/** sbatch itself retries for as long as slurm.conf says. */
const SLURM_PATIENCE = 15_000;
/**
 * Slurm's commands come from so many users: one that was answered by a controller which froze in the middle waits
 * for MessageTimeout (10 s), which says nothing about when the next user is served.
 */
const SLURM_USERS = 20;

async function main(): Promise<void> {
  const lines = createInterface(process.stdin)[Symbol.asyncIterator]();
  const options = JSON.parse(String((await lines.next()).value)) as FaultOptions;
  setTimeout(() => process.exit(3), options.seconds * 1000).unref();
  const redis = redisClient(options);
  const sql = new Sql(options);
  await sql.query(
    "CREATE TABLE IF NOT EXISTS faults (run VARCHAR(40), n INT, PRIMARY KEY (run, n))",
  );
  const jobs: string[] = [];
  const writers: Record<Client, Writer> = {
    web: new Writer(20, () => get(options)),
    redis: new Writer(20, (n) => redis.set(`faults:${options.run}:${n}`, n, "EX", 3600)),
    sql: new Writer(20, (n) => sql.query("INSERT INTO faults VALUES (?, ?)", [options.run, n])),
    sbatch: new Writer(250, async () => jobs.push(await sbatch(options.run)), SLURM_USERS),
    squeue: new Writer(
      250,
      () => run("squeue", ["-h", "-o", "%i"], { timeout: SLURM_PATIENCE }),
      SLURM_USERS,
    ),
    slurmVip: new Writer(20, () => connect(options.slurmVip, 22)),
  };
  const report = () => Object.fromEntries(CLIENTS.map((c) => [c, writers[c].report()])) as Report;
  const say = (value: unknown) => process.stdout.write(`${JSON.stringify(value)}\n`);
  for (let line = await lines.next(); !line.done; line = await lines.next()) say(report());
  const last = report();
  await Promise.all(CLIENTS.map((c) => writers[c].stop()));
  const kept = await redis.mget(
    "none",
    ...writers.redis.acknowledged.map((n) => `faults:${options.run}:${n}`),
  );
  const rows = await sql.query("SELECT n FROM faults WHERE run = ?", [options.run]);
  const found = new Set(rows.map((row) => row["n"]));
  const verdict: Verdict = {
    report: last,
    redis: {
      acknowledged: writers.redis.acknowledged.length,
      lost: kept.slice(1).filter((v) => v === null).length,
    },
    sql: {
      acknowledged: writers.sql.acknowledged.length,
      lost: writers.sql.acknowledged.filter((n) => !found.has(n)).length,
    },
    jobs,
  };
  say(verdict);
}

/** A request on a connection of its own, as a new user makes it. */
function get({ url, ca }: FaultOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = https.get(url, { ca, agent: false, timeout: PATIENCE }, (answer) => {
      answer.resume();
      answer.on("error", reject);
      answer.on("end", () =>
        answer.statusCode === 200 ? resolve() : reject(new Error(`status ${answer.statusCode}`)),
      );
    });
    request.on("timeout", () => request.destroy(new Error(`no answer within ${PATIENCE} ms`)));
    request.on("error", reject);
  });
}

function redisClient({ environment: env, dataCa: ca }: FaultOptions): Redis {
  const redis = new Redis({
    ...verifiedRedis({ host: String(env["REDIS_HOST"]), port: Number(env["REDIS_PORT"]), ca }),
    password: String(env["REDIS_PASSWORD"]),
    commandTimeout: PATIENCE,
    connectTimeout: PATIENCE,
    maxRetriesPerRequest: 0,
    retryStrategy: () => 50,
    // A connection on which nothing comes back is of no use.
    socketTimeout: 2 * PATIENCE,
  });
  redis.on("error", () => undefined);
  return redis;
}

/** One connection at a time; a new one after every error. */
class Sql {
  private connection: Connection | undefined;
  constructor(private readonly options: FaultOptions) {}

  async query(sql: string, values: (string | number)[] = []): Promise<Record<string, unknown>[]> {
    const { environment: env, dataCa: ca } = this.options;
    try {
      this.connection ??= await createConnection({
        ...verifiedMysql({ host: String(env["DB_HOST"]), port: Number(env["DB_PORT"]), ca }),
        user: String(env["DB_USER"]),
        password: String(env["DB_PASSWORD"]),
        database: String(env["DB_NAME"]),
        connectTimeout: PATIENCE,
      });
      const [rows] = await this.connection.query({ sql, timeout: 2 * PATIENCE }, values);
      return rows as Record<string, unknown>[];
    } catch (error) {
      // An insert whose answer was lost may have been made: it is not acknowledged, and may not be repeated.
      this.connection?.destroy();
      this.connection = undefined;
      throw error;
    }
  }
}

/** Submits a job that waits until it is looked for (a thousand running ones would be a test of the nodes); its id. */
async function sbatch(name: string): Promise<string> {
  const { stdout } = await run(
    "sbatch",
    ["--parsable", "--hold", "--output=/dev/null", `--job-name=${name}`, "--wrap", "true"],
    { timeout: SLURM_PATIENCE },
  );
  return stdout.trim();
}

function connect(host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ host, port, timeout: PATIENCE / 2 });
    socket.once("data", () => {
      socket.destroy();
      resolve();
    });
    socket.once("timeout", () => socket.destroy(new Error("timeout")));
    socket.once("error", reject);
    socket.once("close", () => reject(new Error("closed")));
  });
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
