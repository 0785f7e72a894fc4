import * as fs from "node:fs";
import * as path from "node:path";
import { PROJECT, stateDirectory } from "../../site/stack/backend";
import type { ServiceSettings } from "../settings";

/** Where Pulumi's state is no directory of this machine, it is asked for this often, ms: that costs a second of CPU. */
const EVERY = 600_000;

/**
 * Reads the settings when they may have changed: the stack's state is a new one, and is not just being written.
 * @param read costs a start of Pulumi
 */
export class SettingsSource {
  private seen = "";

  /** @param known the version that was read last */
  constructor(
    private readonly read: () => Promise<ServiceSettings>,
    private readonly version: () => string,
    private known: string,
  ) {}

  /** @param surely also while it may just be changing @returns undefined where it is as it was */
  async changed(surely: boolean): Promise<ServiceSettings | undefined> {
    const version = this.version();
    // An update writes it many times; it is at rest when two looks find the same.
    const atRest = version === this.seen;
    this.seen = version;
    if (!surely && (version === this.known || !atRest)) return undefined;
    const settings = await this.read();
    this.known = version;
    return settings;
  }
}

/** Something that is another one when the state of a stack is. */
export function stateVersion(stack: string, now = Date.now()): string {
  const directory = stateDirectory();
  const file = directory && path.join(directory, "stacks", PROJECT, `${stack}.json`);
  const found = file && fs.statSync(file, { throwIfNoEntry: false });
  return found ? `${found.ino} ${found.mtimeMs} ${found.size}` : String(Math.floor(now / EVERY));
}

/** What the service is started with, and does not take over while it runs: with another it starts anew. */
export function fixedPart({ pool: _, limits: __, web: ___, config, ...settings }: ServiceSettings) {
  const { alerts, console: page, updateSeconds } = config;
  // Hashes are salted: they differ each time that they are made.
  const { address, tls, users } = settings.console;
  const names = users.map(({ name, role }) => ({ name, role }));
  return JSON.stringify({
    ...settings,
    console: { address, tls, names },
    alerts,
    page,
    updateSeconds,
  });
}
