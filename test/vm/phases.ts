/** One line of `pulumi up`'s output, and when it came, ms. */
export interface Said {
  at: number;
  line: string;
}

/** Phases of making a web node a server of users, s. */
export interface Phases {
  /** Pulumi's start: reading the state, running the program. */
  "pulumi starts": number;
  "seed and volumes": number;
  "domain defined and started": number;
  /** Until ssh answers. */
  boot: number;
  /** From then on until cloud-init has ended; packages and mounts are there. */
  "cloud-init": number;
  ansible: number;
  /** Health of all its services, and its entry into HAProxy. */
  membership: number;
  "pulumi ends, first request": number;
}

/**
 * Splits a scale-out by what Pulumi said when. Pure.
 * @param start when the command was given, ms
 * @param node the new machine
 * @param took what the wait for the machine said: "ssh after 93.1 s, ready 12.0 s later"
 * @param served when a user's request was first answered by it, ms
 * @throws when something was never said
 */
export function phases(
  start: number,
  said: Said[],
  node: string,
  took: string,
  served: number,
): Phases {
  const when = (pattern: RegExp) => {
    const found = said.find(({ line }) => pattern.test(line));
    if (!found) throw new Error(`pulumi up never said ${pattern.source}`);
    return found.at;
  };
  const seconds = (from: number, to: number) => Math.round((to - from) / 100) / 10;
  const wait = /ssh after ([\d.]+) s, ready ([\d.]+) s later/.exec(took);
  if (!wait) throw new Error(`not what a wait for a machine says: ${took}`);
  const first = when(new RegExp(`web-${node}\\S* creating`));
  const domain = when(new RegExp(`web-${node}-domain creating`));
  const started = when(new RegExp(`web-${node}-domain created`));
  const ready = when(new RegExp(`web-${node}-ready created`));
  const configured = when(/web-config updated/);
  const member = when(/entry-membership updated/);
  return {
    "pulumi starts": seconds(start, first),
    "seed and volumes": seconds(first, domain),
    "domain defined and started": seconds(domain, started),
    boot: seconds(started, ready - Number(wait[2]) * 1000),
    "cloud-init": Number(wait[2]),
    ansible: seconds(ready, configured),
    membership: seconds(configured, member),
    "pulumi ends, first request": seconds(member, served),
  };
}
