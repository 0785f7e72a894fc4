import type { EngineEvent, OpType } from "@pulumi/pulumi/automation";

/** Lines of one resource's errors that a person is shown. */
const FAILURE_LINES = 30;
/** Things that are made at once and interest nobody. */
const QUIET = /^(hpc-ha|random|pulumi):/;

/** What a person is told of a step: its sign, what was done, what is being done. Other steps do nothing. */
const STEPS: Partial<Record<OpType, readonly [sign: string, done: string, doing: string]>> = {
  create: ["+", "created", "creating"],
  update: ["~", "updated", "updating"],
  delete: ["-", "deleted", "deleting"],
  "create-replacement": ["++", "created", "creating"],
  "delete-replaced": ["--", "deleted", "deleting"],
  read: [">", "read", "reading"],
  refresh: ["~", "refreshed", "refreshing"],
  import: ["=", "imported", "importing"],
};
/** The counts of a summary in their order, and in words. */
const COUNTS: [OpType, string][] = [
  ["create", "created"],
  ["update", "updated"],
  ["replace", "replaced"],
  ["delete", "deleted"],
  ["import", "imported"],
  ["same", "unchanged"],
];

/**
 * Turns what Pulumi's engine tells into few readable lines: what was made or changed and how long it took, what the
 * membership of the pool does, all of what failed, and the counts. What is said at debug level is never shown: it holds
 * secrets in the clear.
 */
export class UpdateView {
  private readonly began = new Map<string, number>();
  /** Errors by resource; "" for those of the program and of Pulumi. */
  private readonly errors = new Map<string, string[]>();

  /** Takes one event. @param now ms since 1970 @returns what to show for it */
  take(event: EngineEvent, now: number): string[] {
    const { resourcePreEvent: begun, resOutputsEvent: done, resOpFailedEvent: failed } = event;
    if (begun) this.began.set(step(begun.metadata), now);
    if (done) return this.ended(done.metadata, now);
    if (failed) {
      const { op, urn } = failed.metadata;
      const [sign, , doing] = STEPS[op] ?? ["*", "", op];
      return [`  ${sign} ${nameOf(urn)}: ${doing} FAILED`];
    }
    if (event.diagnosticEvent) return this.said(event.diagnosticEvent);
    if (event.policyEvent?.enforcementLevel === "mandatory") {
      const { policyName, message, resourceUrn = "" } = event.policyEvent;
      this.failure(resourceUrn, `policy ${policyName}: ${message}`);
    }
    // What Pulumi tells a person who has pressed Ctrl-C, for one.
    if (event.stdoutEvent) return lines(event.stdoutEvent.message);
    if (event.summaryEvent) return [...this.end(), ...counts(event.summaryEvent.resourceChanges)];
    return [];
  }

  /** What was not shown yet when there is no summary. */
  end(): string[] {
    const shown = [...this.errors].flatMap(([urn, text]) => [
      ...(urn === "" ? [] : [`  ${nameOf(urn)} (${typeOf(urn)}):`]),
      ...text.slice(-FAILURE_LINES).map((line) => `    ${line}`),
    ]);
    this.errors.clear();
    return shown;
  }

  private ended(metadata: { op: OpType; urn: string; type: string }, now: number): string[] {
    const [sign, done] = STEPS[metadata.op] ?? [];
    if (done === undefined || QUIET.test(metadata.type) || metadata.op === "refresh") return [];
    const seconds = (now - (this.began.get(step(metadata)) ?? now)) / 1000;
    return [`  ${sign} ${nameOf(metadata.urn)} ${done} (${seconds.toFixed(1)} s)`];
  }

  private said(diagnostic: NonNullable<EngineEvent["diagnosticEvent"]>): string[] {
    const { severity, urn = "", message, prefix = "", ephemeral } = diagnostic;
    if (severity === "error") this.failure(urn, prefix + message);
    if (severity === "warning" && urn === "") return lines(`  ${prefix}${message}`);
    if (!/^info(#err)?$/.test(severity) || ephemeral) return [];
    // Steps of the roll-out, why the pool has its size, and what the accounting is told.
    if (/^(▶|✔|✖|web pool: |slurm\.accounts: |\S+: (to be changed|in this order))/.test(message))
      return lines(`    ${message}`);
    // What the membership reconciler says; Ansible's tasks ("host: role : task") would be too many.
    const told = [...message.matchAll(/^ *[\d.]+ s {2}(?!.* : )(.*\S.*)$/gm)];
    return told.map(([, text]) => `    ${text}`);
  }

  private failure(urn: string, message: string): void {
    this.errors.set(urn, [...(this.errors.get(urn) ?? []), ...lines(message)]);
  }
}

const step = ({ op, urn }: { op: OpType; urn: string }) => `${op} ${urn}`;
const nameOf = (urn: string): string => urn.split("::").at(-1) ?? urn;
const typeOf = (urn: string): string => urn.split("::")[2]?.split("$").at(-1) ?? "";
const lines = (text: string): string[] => text.split("\n").filter((line) => line.trim() !== "");

function counts(changes: Partial<Record<OpType, number>>): string[] {
  const words = COUNTS.flatMap(([op, word]) => {
    const count = changes[op] ?? 0;
    return count === 0 ? [] : [`${count} ${word}`];
  });
  return words.length === 0 ? [] : [`  ${words.join(", ")}`];
}
