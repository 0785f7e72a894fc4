/** Lines of a failure that a person is shown. */
const FAILURE_LINES = 12;

/**
 * Turns the default output of ansible-playbook into few readable lines. Pure but for the clock that
 * it is given (ms), so that the tests feed it captured output.
 */
export class AnsibleProgress {
  private readonly started: number;
  private task = "";
  /** Hosts that were shown for the present task: a loop reports each of its items. */
  private readonly shown = new Set<string>();
  private readonly failed: string[] = [];
  private readonly counts = { machines: 0, ok: 0, changed: 0 };

  constructor(
    private readonly playbook: string,
    private readonly now: () => number,
  ) {
    this.started = now();
  }

  /** Takes one line of output; returns what to show for it. */
  line(text: string): string[] {
    const task = /^(?:TASK|RUNNING HANDLER) \[(.*?)\] \**$/.exec(text)?.[1];
    if (task !== undefined) {
      this.task = task;
      this.shown.clear();
      return [];
    }
    const result = /^(changed|fatal|failed): \[([^\]\s]+)(?: -> [^\]]*)?\](.*)$/.exec(text);
    if (result) {
      const [, what, host = "", rest = ""] = result;
      if (what === "changed") {
        if (this.shown.has(host)) return [];
        this.shown.add(host);
        return [this.show(`${host}: ${this.task}`)];
      }
      this.failed.push(`${host}: ${this.task}${reason(rest)}`);
      return [this.show(`${host}: FAILED ${this.task}`)];
    }
    const recap = /^\S+ +: ok=(\d+) +changed=(\d+) /.exec(text);
    if (recap) {
      this.counts.machines += 1;
      this.counts.ok += Number(recap[1]);
      this.counts.changed += Number(recap[2]);
    }
    if (/^(ERROR!|\[ERROR\])/.test(text)) this.failed.push(text);
    return [];
  }

  /** What was done, for the end of the run. */
  summary(): string {
    const { machines, ok, changed } = this.counts;
    return this.show(`${this.playbook}: machines=${machines} ok=${ok} changed=${changed}`);
  }

  /** What failed, for the end of the run. */
  failure(): string[] {
    const lines = this.failed.flatMap((f) => f.split("\n")).slice(0, FAILURE_LINES);
    return [`${this.playbook} failed:`, ...lines.map((l) => `  ${l}`)];
  }

  private show(text: string): string {
    const seconds = ((this.now() - this.started) / 1000).toFixed(1);
    return `${seconds.padStart(6)} s  ${text}`;
  }
}

/** The message inside `: FAILED! => {json}`, with the command's own error where there is one. */
function reason(rest: string): string {
  const json = /=> (\{.*\})\s*$/.exec(rest)?.[1];
  if (json === undefined) return rest;
  try {
    const { msg, stderr, stdout } = JSON.parse(json) as Record<string, unknown>;
    const parts = [msg, stderr, stdout].filter((p) => typeof p === "string" && p !== "");
    return `\n${parts.join("\n")}`;
  } catch {
    return ` ${json}`;
  }
}
