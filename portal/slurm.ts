import { createHmac } from "node:crypto";
import { z } from "zod";
import {
  environmentIn,
  errorsSchema,
  jobsSchema,
  type RestApi,
  submittedSchema,
} from "./slurmRest";
import { StoreUnavailable } from "./stores";

/** One of a user's jobs. */
export interface Job {
  id: number;
  name: string;
  /** In Slurm's words, e.g. RUNNING. */
  state: string;
  partition: string;
  submitted: Date;
}

/** Jobs of the cluster as the accounts of the portal may see and submit them. */
export interface JobStore {
  /** Those that an account's user has in the queue, the newest first. */
  jobs(account: string): Promise<Job[]>;
  /** Submits a script as an account's user, and returns the job's id. */
  submit(account: string, job: { name: string; script: string }): Promise<number>;
}

/** Slurm, or who makes tokens for it, does not let the account do that; the message is for the user. */
export class Refused extends Error {}

/** No answer by then is none, ms; a failover of the controllers takes up to 5 s. */
const TIMEOUT = 8_000;
/** A token that is good for less is not used any more, ms: longer than a request takes. */
const SPARE = 60_000;
/**
 * Largest answer that is read, bytes: about 2500 jobs of 3 kB of Slurm 22.05, 900 of 9 kB of 24.11. It lists everybody's
 * or none, and the portal's heap is 64 MB.
 */
const LARGEST = 8 * 1024 * 1024;
/** What the job's shell finds programs in; the rest of its environment is what Slurm gives every job. */
const SEARCH = "/usr/local/bin:/usr/bin:/bin";
/** What slurmrestd says where slurmctld does not take the token, or does not answer: of 22.05, of 24.11. */
const NOT_BELIEVED = ["Unspecified error", "Protocol authentication error"];
/** Longest run of a job from the portal, minutes. */
const MINUTES = 10;

const tokenSchema = z.object({
  user: z.string(),
  home: z.string(),
  token: z.string(),
  /** s since 1970. */
  expires: z.number(),
});
type Token = z.infer<typeof tokenSchema>;

/** Asks slurmrestd as the user of an account, with a token that is made for each for some minutes. */
export class SlurmJobs implements JobStore {
  private readonly tokens = new Map<string, Token>();

  /**
   * @param url where tokens and slurmrestd are
   * @param secret by which this is known there; it is never sent
   * @param api of slurmrestd
   */
  constructor(
    private readonly url: string,
    private readonly secret: string,
    private readonly api: RestApi,
    private readonly now: () => number = Date.now,
  ) {}

  async jobs(account: string): Promise<Job[]> {
    const token = await this.token(account);
    const { jobs } = await this.ask(jobsSchema, "jobs", token);
    return jobs
      .filter((job) => job.user_name === token.user)
      .map((job) => ({
        id: job.job_id,
        name: job.name ?? "",
        state: job.job_state,
        partition: job.partition ?? "",
        submitted: new Date(1000 * job.submit_time),
      }))
      .sort((a, b) => b.id - a.id);
  }

  async submit(account: string, { name, script }: { name: string; script: string }) {
    const token = await this.token(account);
    const job = {
      name,
      time_limit: MINUTES,
      current_working_directory: token.home,
      environment: environmentIn(this.api, { PATH: SEARCH }),
    };
    return (await this.ask(submittedSchema, "job/submit", token, { script, job })).job_id;
  }

  private async token(account: string): Promise<Token> {
    const now = this.now();
    for (const [name, { expires }] of this.tokens) {
      if (1000 * expires - SPARE < now) this.tokens.delete(name);
    }
    const known = this.tokens.get(account);
    if (known) return known;
    const time = Math.floor(now / 1000);
    const signature = createHmac("sha256", this.secret).update(`${account}\n${time}`).digest("hex");
    const { status, text } = await this.send("/token", {}, { account, time, signature });
    const made = status === 200 ? read(tokenSchema, text) : undefined;
    if (made) {
      this.tokens.set(account, made);
      return made;
    }
    if (status === 403) throw new Refused(`Account ${account} has no user of the cluster.`);
    throw new StoreUnavailable("slurm", `tokens: status ${status}`);
  }

  private async ask<T>(schema: z.ZodType<T>, what: string, by: Token, body?: object): Promise<T> {
    const headers = { "x-slurm-user-name": by.user, "x-slurm-user-token": by.token };
    const { status, text } = await this.send(`/slurm/${this.api}/${what}`, headers, body);
    const said = status === 200 ? read(schema, text) : undefined;
    if (said !== undefined) return said;
    const why = read(errorsSchema, text)?.errors.flatMap((e) => e.error ?? e.description ?? []);
    // The key of tokens may be another by now.
    if (!why?.length || why.some((text) => NOT_BELIEVED.includes(text))) {
      for (const [account, known] of this.tokens) if (known === by) this.tokens.delete(account);
      throw new StoreUnavailable("slurm", `${what}: status ${status}`);
    }
    throw new Refused(`Slurm: ${why.join("; ")}.`);
  }

  private async send(path: string, headers: Record<string, string>, body?: object) {
    try {
      const answer = await fetch(`${this.url}${path}`, {
        ...(body && { method: "POST", body: JSON.stringify(body) }),
        headers: { ...headers, ...(body && { "content-type": "application/json" }) },
        signal: AbortSignal.timeout(TIMEOUT),
      });
      return { status: answer.status, text: await textOf(answer) };
    } catch (error) {
      if (error instanceof Refused) throw error;
      throw new StoreUnavailable("slurm", error);
    }
  }
}

async function textOf({ body }: Response): Promise<string> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of body ?? []) {
    parts.push(part as Uint8Array);
    bytes += (part as Uint8Array).length;
    if (bytes > LARGEST) throw new Refused("The queue of the cluster is too long for this page.");
  }
  return Buffer.concat(parts).toString();
}

function read<T>(schema: z.ZodType<T>, text: string): T | undefined {
  try {
    return schema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
