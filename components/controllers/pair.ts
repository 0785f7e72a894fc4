import type { Remote } from "../../rollout/roll";

/** What a controller needs to take over. */
const UNITS = ["munge", "keepalived", "slurm-watch", "slurmctld"] as const;

/** One controller as it is now. */
export interface Controller {
  name: string;
  /** Holds the Slurm VIP. */
  vip: boolean;
  /** What systemd says of each unit; undefined when the machine does not answer. */
  units: Record<string, string> | undefined;
}

/** Reads the answer to the question of `lookAtControllers`: a state a unit, then the VIP's line if it is here. */
export function parseController(name: string, text: string | undefined): Controller {
  if (text === undefined) return { name, vip: false, units: undefined };
  const lines = text.split("\n");
  const units = Object.fromEntries(UNITS.map((unit, i) => [unit, lines[i] ?? "unknown"]));
  return { name, vip: lines.slice(UNITS.length).some((l) => / inet /.test(l)), units };
}

/**
 * Who gives the VIP up and who takes it: pure.
 * @returns the reasons why not instead, when the other is not fit or nobody is to be relieved
 */
export function planSwitchover(
  controllers: Controller[],
): { from: string; to: string } | { reasons: string[] } {
  const holders = controllers.filter((c) => c.vip);
  const [holder] = holders;
  if (!holder || holders.length > 1) {
    const who = holders.map((c) => c.name).join(" and ") || "no controller";
    return { reasons: [`${who} holds the Slurm VIP: \`journalctl -u keepalived\` on both`] };
  }
  const other = controllers.find((c) => c !== holder);
  if (!other) return { reasons: ["there is only one controller"] };
  const sick = (c: Controller, wanted: readonly string[]) =>
    c.units === undefined
      ? [`${c.name} does not answer`]
      : wanted.flatMap((u) =>
          c.units?.[u] === "active" ? [] : `${u} is ${c.units?.[u]} on ${c.name}`,
        );
  const reasons = [
    ...sick(other, ["munge", "keepalived", "slurm-watch"]),
    ...sick(holder, ["slurmctld"]),
  ];
  return reasons.length > 0 ? { reasons } : { from: holder.name, to: other.name };
}

/** Both controllers as they are now. */
export function lookAtControllers(machines: Remote, vip: string): Promise<Controller[]> {
  const ask = `systemctl is-active ${UNITS.join(" ")}; ip -o -4 address show to ${vip}; true`;
  return Promise.all(
    machines
      .names("controllers")
      .map(async (name) => parseController(name, await machines.ask(name, ask))),
  );
}
