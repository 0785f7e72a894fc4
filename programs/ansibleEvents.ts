import { z } from "zod";

/** Lines of a failure that a person is shown. */
const FAILURE_LINES = 12;

/** What one task, or one item of its loop, did on a machine: what is read of it. */
const resultSchema = z.looseObject({
  action: z.string().optional(),
  changed: z.boolean().optional(),
  failed: z.boolean().optional(),
  msg: z.unknown().optional(),
  stdout: z.unknown().optional(),
  stderr: z.unknown().optional(),
  dest: z.unknown().optional(),
  path: z.unknown().optional(),
  invocation: z.unknown().optional(),
});
type Result = z.infer<typeof resultSchema>;

const eventSchema = z.looseObject({
  _event: z.string(),
  task: z.looseObject({ name: z.string() }).optional(),
  hosts: z
    .record(z.string(), resultSchema.extend({ results: z.array(resultSchema).optional() }))
    .optional(),
  stats: z
    .record(
      z.string(),
      z.looseObject({
        changed: z.number(),
        failures: z.number(),
        ok: z.number(),
        unreachable: z.number(),
      }),
    )
    .optional(),
});

/** What a run did on one machine. */
export interface HostOutcome {
  /** Tasks that changed something, or would have. */
  changed: string[];
  /** Files that it keeps there. */
  files: string[];
  /** Why it did not end well; undefined when it did. */
  failure?: string;
}

/** Modules whose result names a file that is kept. */
const WRITES = /(^|\.)(copy|template|blockinfile|lineinfile)$/;

/**
 * Follows a run by the events of ansible.posix.jsonl, one JSON object a line. Pure but for the clock that it is given
 * (ms), so that the tests feed it captured output.
 */
export class AnsibleEvents {
  readonly hosts = new Map<string, HostOutcome>();
  private readonly started: number;
  private readonly said: string[] = [];
  private readonly counts = { machines: 0, ok: 0, changed: 0 };

  constructor(
    private readonly playbook: string,
    private readonly now: () => number,
  ) {
    this.started = now();
  }

  /** Takes one line; returns what to show for it. */
  line(text: string): string[] {
    if (!text.startsWith("{")) {
      // What Ansible itself fails with is no event.
      if (/^(ERROR!|\[ERROR\])/.test(text)) this.said.push(text);
      return [];
    }
    const event = eventSchema.safeParse(JSON.parse(text));
    if (!event.success) return [];
    const { _event, task, hosts = {}, stats = {} } = event.data;
    for (const [host, { changed, failures, ok, unreachable }] of Object.entries(stats)) {
      this.counts.machines += 1;
      this.counts.ok += ok;
      this.counts.changed += changed;
      // What was rescued has not failed.
      if (failures + unreachable === 0) delete this.of(host).failure;
      else this.of(host).failure ??= "failed";
    }
    if (!/^v2_runner_on_(ok|failed|unreachable)$/.test(_event)) return [];
    return Object.entries(hosts).flatMap(([host, result]) => {
      const outcome = this.of(host);
      for (const one of result.results ?? [result]) outcome.files.push(...filesOf(one, result));
      const name = task?.name ?? "";
      if (_event !== "v2_runner_on_ok") {
        outcome.failure = `${name}: ${reason(result.results ?? [result])}`;
        return [this.show(`${host}: FAILED ${name}`)];
      }
      if (result.changed !== true) return [];
      outcome.changed.push(name);
      return [this.show(`${host}: ${name}`)];
    });
  }

  /** What was done, for the end of the run. */
  summary(): string {
    const { machines, ok, changed } = this.counts;
    return this.show(`${this.playbook}: machines=${machines} ok=${ok} changed=${changed}`);
  }

  /** What failed, as lines for a person; not more than one reads. */
  failure(): string[] {
    const failed = [...this.hosts].flatMap(([host, { failure }]) =>
      failure === undefined ? [] : `${host}: ${failure}`.split("\n"),
    );
    return [...this.said, ...failed].slice(0, FAILURE_LINES);
  }

  private of(host: string): HostOutcome {
    const known = this.hosts.get(host) ?? { changed: [], files: [] };
    this.hosts.set(host, known);
    return known;
  }

  private show(text: string): string {
    const seconds = ((this.now() - this.started) / 1000).toFixed(1);
    return `${seconds.padStart(6)} s  ${text}`;
  }
}

function filesOf(one: Result, task: Result): string[] {
  if (one.failed === true || !WRITES.test(one.action ?? task.action ?? "")) return [];
  const told = z.object({ module_args: z.object({ path: z.string() }) }).safeParse(one.invocation);
  const file = one.dest ?? one.path ?? (told.success ? told.data.module_args.path : undefined);
  return typeof file === "string" ? [file] : [];
}

/** What Ansible says of a file that `validate` does not take. */
const REFUSED = "failed to validate";

/** The module's message, with the command's own words where there are some. */
function reason(results: Result[]): string {
  const failed = results.filter((r) => r.failed === true);
  const words = (failed.length > 0 ? failed : results).flatMap(({ msg, stderr, stdout }) =>
    [msg, stderr, stdout].filter((p): p is string => typeof p === "string" && p.trim() !== ""),
  );
  const said = words.map((w) => w.trim()).join("\n") || "failed";
  // A file that its daemon refuses is one sentence: the file's task, and the daemon's own reason.
  return said.startsWith(REFUSED) ? said.replace("\n", ": ").replaceAll("\n", "; ") : said;
}
