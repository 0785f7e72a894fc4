import type { Colors } from "picocolors/types";
import { z } from "zod";
import {
  type Finding,
  isLate,
  isSick,
  list,
  type Look,
  type MachineHealth,
  machinesIn,
  mark,
  on,
  part,
  type Part,
  type Status,
} from "../look";
import { PROMETHEUS } from "./units";

export interface Monitor {
  /** Its machines; undefined what they did not tell. */
  watchers: {
    name: string;
    /** How many answer it. */
    targets: number | undefined;
    /** What it holds for wrong now, each once; "Watchdog", which always fires, is not among them. */
    alerts: string[] | undefined;
  }[];
}

/** What `monitor-state` prints: two answers of Prometheus, a line each. */
const alertsSchema = z.object({
  data: z.object({
    alerts: z.array(z.object({ state: z.string(), labels: z.record(z.string(), z.string()) })),
  }),
});
const countSchema = z.object({
  data: z.object({ result: z.array(z.object({ value: z.tuple([z.number(), z.string()]) })) }),
});

/** Whether it watches, and what it says. */
export const look: Look<Monitor> = {
  rank: 9,
  questions: () => [part("watch", "monitor-state")],
  read: (members, part) => ({ watchers: members.map((member) => watcher(member, part)) }),
  findings: ({ watchers }, status) => watchers.flatMap((w) => finding(w, status)),
  rows: (state, status, c) =>
    state.watchers.length === 0 ? [] : [["Monitor", row(state, status, c)]],
};

function watcher({ name }: MachineHealth, part: Part): Monitor["watchers"][number] {
  const [alerts = "", count = ""] = (part(name, "watch") ?? "").split("\n");
  const firing = answer(alertsSchema, alerts)?.data.alerts.flatMap(({ state, labels }) =>
    state === "firing" && labels["alertname"] !== "Watchdog" ? [labels["alertname"] ?? ""] : [],
  );
  const targets = answer(countSchema, count)?.data.result[0]?.value[1];
  return {
    name,
    targets: targets === undefined ? undefined : Number(targets),
    alerts: firing && [...new Set(firing)].sort(),
  };
}

function answer<T>(schema: z.ZodType<T>, text: string): T | undefined {
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

function finding({ name, alerts }: Monitor["watchers"][number], status: Status): Finding[] {
  if (alerts || isSick(status, name) || isLate(status, name, "watch")) return [];
  const what = `Prometheus on ${name} runs and does not answer: nobody is told of faults from there.`;
  return [{ severity: "reduced", what, mend: on(status, name, `systemctl restart ${PROMETHEUS}`) }];
}

function row({ watchers }: Monitor, status: Status, c: Colors): string {
  const size = machinesIn(status, "monitor").length;
  const all = [...new Set(watchers.flatMap(({ alerts }) => alerts ?? []))].sort();
  const words = watchers.map(({ name, targets }) => {
    const silent = mark(isLate(status, name, "watch") ? undefined : false, `${name} ?`, c);
    return targets === undefined ? silent : `${name} hears ${targets}`;
  });
  const blind = watchers.filter(({ alerts }) => alerts === undefined).length === size;
  if (!blind) words.push(all.length === 0 ? c.green("no alert") : c.red(`alerts: ${list(all)}`));
  return words.join(" · ");
}
