import * as fs from "node:fs";
import * as path from "node:path";
import execa from "execa";
import { type Progress, step } from "../lib/progress";
import { toolsDirectory } from "./venv";

/** Programs that check the monitor's files, by Debian's package. */
const CHECKERS = { prometheus: "promtool", "prometheus-alertmanager": "amtool" };

/**
 * Makes sure that Prometheus' and Alertmanager's own checkers are there; only who tests the monitor's rules needs them. They
 * are taken out of Debian's packages, which are not installed: they would start a Prometheus on this machine.
 * @returns their directory
 */
export async function ensureRuleChecks(progress: Progress): Promise<string> {
  const directory = path.join(toolsDirectory(), "rule-checks");
  if (fs.existsSync(directory)) return directory;
  await step("promtool and amtool", progress, async () => {
    const partial = `${directory}.partial`;
    fs.rmSync(partial, { recursive: true, force: true });
    fs.mkdirSync(partial, { recursive: true });
    const download = () =>
      execa("apt-get", ["download", "-q", ...Object.keys(CHECKERS)], { cwd: partial });
    // Package lists may be missing or outdated; most times they are not.
    await download().catch(async () => {
      await execa("apt-get", ["update", "-q"]);
      await download();
    });
    for (const file of fs.readdirSync(partial).filter((name) => name.endsWith(".deb"))) {
      await execa("dpkg-deb", ["--extract", file, "."], { cwd: partial });
    }
    for (const program of Object.values(CHECKERS)) {
      fs.renameSync(path.join(partial, "usr/bin", program), path.join(partial, program));
    }
    for (const name of fs.readdirSync(partial)) {
      if (Object.values(CHECKERS).includes(name)) continue;
      fs.rmSync(path.join(partial, name), { recursive: true });
    }
    fs.renameSync(partial, directory);
  });
  return directory;
}
