import * as fs from "node:fs";
import * as path from "node:path";
import { stages } from "../../dev/stages";
import { ensureDisk } from "../../image/disk";
import { buildPortal } from "../../portal/build";
import { ensureHost, ensurePackages, releaseHost } from "../../toolchain/host";
import { type Progress, step } from "../../lib/progress";
import { projectRoot } from "../../lib/project";
import { keepFigures } from "../support/measured";
import { reported } from "../support/report";
import { Stopping } from "../support/stopping";
import { ensureHypervisorImage } from "./hypervisorImage";
import { Hypervisor, NEEDS, startHypervisors } from "./hypervisors";
import { type CaseResult, caseResults, resultTable } from "./results";
import { baseState, configure, KIND, type SiteKind, SITES, stack } from "./site";

/**
 * The VM suite: sites on two hypervisors of this machine by a real `pulumi up`, one after the other, each removed at its
 * end, also when a case failed.
 * @param args parts of names of the test files to run, default all; or "remove": only the removal, of whatever is left
 * @returns whether all passed, and nothing was left behind
 */
export async function vmSuite(args: string[], progress: Progress): Promise<boolean> {
  if (args[0] === "remove") {
    await ensureHost(progress);
    await removeSite(progress);
    return true;
  }
  const image = await prepare(progress);
  const start = Date.now();
  const cases: CaseResult[] = [];
  let passed = true;
  const stopping = new Stopping("npm run test:vm -- remove", progress);
  try {
    for (const kind of sitesWith(args)) {
      process.env[KIND] = kind;
      const found = await runSite(kind, image, args, progress);
      passed = found.passed && passed;
      cases.push(...found.cases);
      if (stopping.asked !== undefined) break;
      await clearSite(progress);
    }
    // A part of the cases is no result of the suite.
    if (args.length === 0 && stopping.asked === undefined) keepResult(cases, start);
  } finally {
    await stopping.beforeRemoval();
    await removeSite(progress);
    stopping.release();
  }
  return passed && stopping.asked === undefined;
}

/** The sites that have a test file with one of these in its name. @throws when there is none */
export function sitesWith(parts: string[]): SiteKind[] {
  const kinds = (Object.keys(SITES) as SiteKind[]).filter((kind) =>
    fs
      .readdirSync(path.join(projectRoot, SITES[kind]))
      .filter((name) => name.endsWith(".test.ts"))
      .some((name) => parts.length === 0 || parts.some((part) => name.includes(part))),
  );
  if (kinds.length === 0) throw new Error(`no test file has ${parts.join(" or ")} in its name`);
  return kinds;
}

async function runSite(
  kind: SiteKind,
  image: string,
  args: string[],
  progress: Progress,
): Promise<{ passed: boolean; cases: CaseResult[] }> {
  await configure();
  await stack.ensure();
  await step("Two hypervisors", progress, () => startHypervisors(image));
  await step(`pulumi up (stack testvm, site ${kind})`, progress, baseState);
  const command = ["vitest", "run", "--config", "test/vm/vitest.config.mts", ...args];
  const { passed, report } = await reported("vm-suite", (options) =>
    stages([{ name: `VM suite, site ${kind}`, command: [...command, ...options] }], progress),
  );
  const cases = caseResults(report);
  if (!passed || kind !== "small") return { passed, cases };
  const last = await lastCase("`pulumi destroy` keeps the data volume", progress);
  return { passed: last.status === "passed", cases: [...cases, last] };
}

/** The case that needs all others to be over. */
async function lastCase(name: string, progress: Progress): Promise<CaseResult> {
  const start = Date.now();
  const status = await step(name, progress, destroyKeepsData).then(
    () => "passed",
    (error: Error) => {
      progress(error.message);
      return "failed";
    },
  );
  return { name, status, seconds: Math.round((Date.now() - start) / 100) / 10 };
}

/** The last result is kept, good or bad: the suite takes too long to run at every change. */
function keepResult(cases: CaseResult[], start: number): void {
  const minutes = Math.round((Date.now() - start) / 60_000);
  const figures = { measured: new Date().toISOString(), minutes, cases };
  keepFigures("vm-suite", figures, resultTable(cases, minutes));
}

/** @returns the root file system of a hypervisor */
async function prepare(progress: Progress): Promise<string> {
  await ensureHost(progress);
  await ensurePackages(NEEDS, progress);
  await ensureDisk(progress);
  await step("Web portal", progress, buildPortal);
  return ensureHypervisorImage(progress);
}

/** What docs/production.md says of removing: the data volume stays, until somebody gives it up in so many words. */
async function destroyKeepsData(): Promise<void> {
  const data = `${stack.prefix}-nfs-srv-data.qcow2`;
  await stack.run("destroy", "--exclude-protected");
  await onlyLeft([data]);
  await stack.start("state", "unprotect", "--all", "--yes");
  await stack.run("destroy");
  // Not even then by Pulumi.
  await onlyLeft([data]);
  for (const hypervisor of Hypervisor.all) {
    if ((await volumes(hypervisor)).includes(data)) {
      await hypervisor.virsh("vol-delete", data, "default");
    }
  }
  await onlyLeft([]);
}

/** Volumes of a hypervisor, but for the images that root disks are overlays of. */
const volumes = async (hypervisor: Hypervisor): Promise<string[]> =>
  (await hypervisor.virsh("vol-list", "default")).stdout
    .split("\n")
    .map((line) => line.trim().split(/\s+/)[0] ?? "")
    .filter((name) => name !== "" && !name.includes("-base-"));

/** @throws when there are machines, or other volumes than these */
async function onlyLeft(wanted: string[]): Promise<void> {
  const machines = (await Promise.all(Hypervisor.all.map((h) => h.running()))).flat();
  if (machines.length > 0) throw new Error(`still there: ${machines.join(", ")}`);
  // It ends with an error where there is none.
  const units = `systemctl list-unit-files --no-legend '${stack.prefix}-*' || true`;
  const services = (await Promise.all(Hypervisor.all.map((h) => h.on(units)))).join("");
  if (services !== "") throw new Error(`still there: ${services}`);
  const left = (await Promise.all(Hypervisor.all.map(volumes))).flat();
  if (left.join() !== wanted.join()) {
    throw new Error(`volumes that should be left: ${wanted.join()}; that are: ${left.join()}`);
  }
}

/** Stack, hypervisors, bridge and files, whatever state they are in. */
async function removeSite(progress: Progress): Promise<void> {
  await clearSite(progress);
  await releaseHost(progress);
}

async function clearSite(progress: Progress): Promise<void> {
  await step("Removing the site and its hypervisors", progress, async () => {
    // The machines go with their hypervisors: the state, where the data volume is protected, need not be asked.
    await stack.sweep();
    await stack.forget();
    fs.rmSync(stack.configFile, { force: true });
  });
}
