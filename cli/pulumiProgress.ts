/** Lines of one resource's messages that a person is shown when it failed. */
const FAILURE_LINES = 30;
/** Things that are made at once and interest nobody. */
const QUIET = /^(hpc-ha|random|pulumi):/;

/**
 * Turns the output of `pulumi up|destroy|refresh --non-interactive` into few readable lines: what was made or
 * changed and how long it took, what the membership of the pool does, and all of what failed.
 */
export class PulumiProgress {
  private section = "";
  private block: string[] = [];

  /** Takes one line of output; returns what to show for it. */
  line(text: string): string[] {
    const heading = /^(Diagnostics|Outputs|Policies|Resources|Duration):/.exec(text)?.[1];
    if (heading !== undefined) {
      const shown = this.endBlock();
      this.section = heading;
      return shown;
    }
    switch (this.section) {
      case "":
        return event(text);
      case "Diagnostics": {
        if (!/^ {2}\S.*:$/.test(text)) {
          if (text.trim() !== "") this.block.push(text);
          return [];
        }
        const shown = this.endBlock();
        this.block = [text];
        return shown;
      }
      case "Resources":
        return text.trim() === "" ? [] : [text];
      default:
        return [];
    }
  }

  /** The messages of one resource, if it failed. */
  private endBlock(): string[] {
    const block = this.block;
    this.block = [];
    // What comes before the error is progress; the error repeats the part of it that matters.
    const error = block.findIndex((line) => /\berror:/.test(line));
    if (error < 0) return [];
    return [...block.slice(0, 1), ...block.slice(error).slice(-FAILURE_LINES)];
  }
}

/** One event: ` +  command:local:Command redis-config-run created (9s) …`. */
function event(text: string): string[] {
  const match = /^ *(\S{1,2}) +(\S+:\S+) (\S+) (\*\*)?(\w+)(.*)$/.exec(text);
  if (!match) return /^error:/.test(text) ? [text] : [];
  const [, sign = "", type = "", name = "", failed, verb = "", rest = ""] = match;
  if (failed !== undefined) return [`  ${sign} ${name}: ${verb} FAILED`];
  if (QUIET.test(type)) return [];
  const time = /^ \(([\d.]+s)\)/.exec(rest)?.[1] ?? "";
  if (/^(created|updated|deleted|replaced)$/.test(verb)) {
    return [`  ${sign} ${name} ${verb} (${time})`];
  }
  // What the membership reconciler says; Ansible's tasks ("host: role : task") would be too many.
  const said = /[\d.]+ s {2}(?!.* : )(.*)$/.exec(rest)?.[1];
  return said === undefined || said.trim() === "" ? [] : [`    ${said}`];
}
