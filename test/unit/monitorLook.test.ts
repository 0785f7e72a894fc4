import { createColors } from "picocolors";
import { expect, it } from "vitest";
import type { MachineHealth, Status } from "../../components/look";
import { look } from "../../components/monitor/look";

const ALERTS =
  '{"status":"success","data":{"alerts":[' +
  '{"labels":{"alertname":"Watchdog","severity":"info"},"annotations":{},"state":"firing","activeAt":"2026-11-27T01:23:32Z","value":"1e+00"},' +
  '{"labels":{"alertname":"UnitNotRunning","instance":"redis2"},"annotations":{},"state":"firing","activeAt":"2026-11-27T01:23:32Z","value":"0e+00"},' +
  '{"labels":{"alertname":"MachineDown","instance":"redis2"},"annotations":{},"state":"pending","activeAt":"2026-11-27T01:23:32Z","value":"0e+00"}]}}';
const COUNT =
  '{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1795741912.5,"21"]}]}}';
const address = "198.18.1.195";
const health: MachineHealth = {
  ...{ name: "monitor1", tier: "monitor", address, health: "ok" },
  ...{ faults: [], full: [], vips: [], late: [] },
};

/** @param said what the machine said; undefined: not in time */
const see = (said: string | undefined, machine = health) => {
  const state = look.read([machine], () => said, {} as Status["site"]);
  const ssh = { user: "root", privateKeyFile: "key", knownHostsFile: "hosts" };
  const status = { machines: [machine], site: { ssh } } as unknown as Status;
  const [row] = look.rows(state, status, createColors(false));
  return { row: row?.[1], findings: look.findings(state, status) };
};

it("says how many answer, and what fires but the watchdog", () => {
  const { row, findings } = see(`${ALERTS}\n${COUNT}`);
  expect(row).toBe("monitor1 hears 21 · alerts: UnitNotRunning");
  expect(findings).toEqual([]);
});

it("says that nothing fires", () => {
  expect(see(`{"data":{"alerts":[]}}\n${COUNT}`).row).toBe("monitor1 hears 21 · no alert");
});

it("a Prometheus that runs and does not answer is a fault, and its restart is proposed", () => {
  const { row, findings } = see("");
  expect(row).toBe("monitor1 ?");
  expect(findings).toMatchObject([
    {
      severity: "reduced",
      mend: expect.stringContaining("systemctl restart prometheus") as string,
    },
  ]);
});

it("one that was not told in time, or whose machine is sick, is no further fault", () => {
  expect(see(undefined, { ...health, late: ["watch"] }).findings).toEqual([]);
  expect(see("", { ...health, health: "does not answer" }).findings).toEqual([]);
});

it("a site without one has no line of it", () => {
  const state = look.read([], () => "", {} as Status["site"]);
  expect(look.rows(state, {} as Status, createColors(false))).toEqual([]);
});
