/**
 * Clients of every tier, from a machine of the lab, for the fault suite: each does its thing over and over and tells
 * the longest time that it could not; after each case what was acknowledged in it is looked for again.
 * stdin: options as one line of JSON, then
 *   report      for a Report,
 *   mark        the same, after which only what comes counts,
 *   next NAME   for the Verdict on the case that ends; from then on they work under this name,
 * and its end for the last Verdict.
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
  type SubmittedJob,
  type Verdict,
} from "./faultProtocol";
import { Writer } from "./writer";

const run = promisify(execFile);
/** A client gives an attempt up after this time, ms; shorter than what is measured, so that it shows. */
const PATIENCE = 500;
/** Between two attempts of a client, ms. */
const PAUSE = 20;
/**
 * How long users of the web wait for an answer, ms, and so many of them, that those who wait do not hide that another is
 * served: for an impatient one's whole wait, and for longer than any change may take.
 */
const WEB = {
  impatient: { patience: PATIENCE, users: 25 },
  patient: { patience: 10_000, users: 150 },
};
/** sbatch itself retries for as long as slurm.conf says, ms. */
const SLURM_PATIENCE = 15_000;
/** Between two users of Slurm, ms. More jobs a second than a site has would make each takeover longer: see MinJobAge. */
const SLURM_PAUSE = 400;
/**
 * Slurm's commands come from so many users: one that was answered by a controller which froze in the middle waits
 * for MessageTimeout (10 s), which says nothing about when the next user is served.
 */
const SLURM_USERS = 60;

/** All of these times on this machine. */
const times = ({ pace }: FaultOptions) => ({
  patience: Math.round(PATIENCE * pace),
  pause: Math.round(PAUSE * pace),
  slurmPatience: Math.round(SLURM_PATIENCE * pace),
  slurmPause: Math.round(SLURM_PAUSE * pace),
});

/** Clients of every tier at work, under a name that sets what they write apart. */
class Work {
  readonly writers: Record<Client, Writer>;
  private readonly jobs: SubmittedJob[] = [];

  constructor(
    private readonly name: string,
    options: FaultOptions,
    private readonly redis: Redis,
    private readonly sql: Sql,
  ) {
    const insert = "INSERT INTO faults VALUES (?, ?)";
    const { patience, pause, slurmPatience, slurmPause } = times(options);
    const submit = async (n: number) => {
      const job = `${name}-${n}`;
      const id = await sbatch(job, slurmPatience);
      this.jobs.push({ id, name: job, at: Date.now() });
    };
    this.writers = {
      web: new Writer(pause, () => get(options), WEB[options.webUsers].users),
      redis: new Writer(pause, (n) => redis.set(this.key(n), n, "EX", 3600)),
      sql: new Writer(pause, (n) => sql.query(insert, [name, n])),
      sbatch: new Writer(slurmPause, submit, SLURM_USERS),
      squeue: new Writer(slurmPause, () => squeue(name, slurmPatience), SLURM_USERS),
      slurmVip: new Writer(pause, () => connect(options.slurmVip, 22, patience / 2)),
    };
  }

  report = () =>
    Object.fromEntries(CLIENTS.map((client) => [client, this.writers[client].report()])) as Report;

  /** Ends it, and looks for what was acknowledged. */
  async verdict(): Promise<Verdict> {
    const report = this.report();
    await Promise.all(CLIENTS.map((client) => this.writers[client].stop()));
    const { redis, sql } = this.writers;
    const keys = redis.acknowledged.map((n) => this.key(n));
    const kept = await this.redis.mget("none", ...keys);
    const rows = await this.sql.query("SELECT n FROM faults WHERE run = ?", [this.name]);
    const found = new Set(rows.map((row) => row["n"]));
    return {
      report,
      redis: {
        acknowledged: keys.length,
        lost: kept.slice(1).filter((value) => value === null).length,
      },
      sql: {
        acknowledged: sql.acknowledged.length,
        lost: sql.acknowledged.filter((n) => !found.has(n)).length,
      },
      jobs: this.jobs,
    };
  }

  private key = (n: number) => `faults:${this.name}:${n}`;
}

async function main(): Promise<void> {
  const lines = createInterface(process.stdin)[Symbol.asyncIterator]();
  const options = JSON.parse(String((await lines.next()).value)) as FaultOptions;
  setTimeout(() => process.exit(3), options.seconds * 1000).unref();
  const redis = redisClient(options);
  const sql = new Sql(options);
  await sql.query(
    "CREATE TABLE IF NOT EXISTS faults (run VARCHAR(40), n INT, PRIMARY KEY (run, n))",
  );
  const begin = (name: string) => new Work(name, options, redis, sql);
  const say = (value: unknown) => process.stdout.write(`${JSON.stringify(value)}\n`);
  let work = begin(options.run);
  for (let line = await lines.next(); !line.done; line = await lines.next()) {
    const [command, name = ""] = line.value.split(" ");
    if (command === "next") {
      // The next begins before this one ends: users do not stop either.
      const ended = work;
      work = begin(name);
      say(await ended.verdict());
      continue;
    }
    if (command === "mark") CLIENTS.forEach((client) => work.writers[client].mark());
    say(work.report());
  }
  say(await work.verdict());
}

/** A request on a connection of its own, as a new user makes it. */
function get(options: FaultOptions): Promise<void> {
  const { url, ca } = options;
  const patience = Math.round(WEB[options.webUsers].patience * options.pace);
  return new Promise((resolve, reject) => {
    const request = https.get(url, { ca, agent: false, timeout: patience }, (answer) => {
      answer.resume();
      answer.on("error", reject);
      answer.on("end", () =>
        answer.statusCode === 200 ? resolve() : reject(new Error(`status ${answer.statusCode}`)),
      );
    });
    request.on("timeout", () => request.destroy(new Error(`no answer within ${patience} ms`)));
    request.on("error", reject);
  });
}

function redisClient(options: FaultOptions): Redis {
  const { environment: env, dataCa: ca } = options;
  const { patience } = times(options);
  const redis = new Redis({
    ...verifiedRedis({ host: String(env["REDIS_HOST"]), port: Number(env["REDIS_PORT"]), ca }),
    password: String(env["REDIS_PASSWORD"]),
    commandTimeout: patience,
    connectTimeout: patience,
    maxRetriesPerRequest: 0,
    retryStrategy: () => 50,
    // A connection on which nothing comes back is of no use.
    socketTimeout: 2 * patience,
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
    const { patience } = times(this.options);
    try {
      this.connection ??= await createConnection({
        ...verifiedMysql({ host: String(env["DB_HOST"]), port: Number(env["DB_PORT"]), ca }),
        user: String(env["DB_USER"]),
        password: String(env["DB_PASSWORD"]),
        database: String(env["DB_NAME"]),
        connectTimeout: patience,
      });
      const [rows] = await this.connection.query({ sql, timeout: 2 * patience }, values);
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
async function sbatch(name: string, timeout: number): Promise<string> {
  const { stdout } = await run(
    "sbatch",
    ["--parsable", "--hold", "--output=/dev/null", `--job-name=${name}`, "--wrap", "true"],
    { timeout },
  );
  return stdout.trim();
}

const squeue = (name: string, timeout: number) =>
  run("squeue", ["-h", "-n", name, "-o", "%i"], { timeout });

function connect(host: string, port: number, timeout: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ host, port, timeout });
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
