/** A setting of every machine that runs: the look at what would change, and the change, of each tier. */
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import execa from "execa";
import { afterAll, beforeAll, expect, it } from "vitest";
import { machinesOf } from "../../plan/outputs";
import { baseState, configure, type Site, stack } from "./site";

const directory = fs.mkdtempSync(path.join(tmpdir(), "hpc-ha-vm-"));
afterAll(() => fs.rmSync(directory, { recursive: true }));
const key = path.join(directory, "second");
let site: Site;
beforeAll(async () => {
  site = await baseState();
  await execa("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "second", "-f", key]);
});

it("a second administrator's key gets to every machine, and none starts anew", async () => {
  const names = machinesOf(site.outputs).map(({ name }) => name);
  // One after the other: an answer takes an emulated machine seconds of CPU.
  const asked = async (ask: (name: string) => Promise<string>) => {
    const answers: Record<string, string> = {};
    for (const name of names) answers[name] = await ask(name);
    return answers;
  };
  const boots = await asked(site.bootId);
  const read = (file: string) => fs.readFileSync(`${file}.pub`, "utf8").trim();
  await configure({
    ssh: { authorizedKeys: [site.outputs.ssh.privateKeyFile, key].map(read) },
  });
  await stack.run("up");
  const there = await asked((name) =>
    site.on(name, "grep -c ' second$' /root/.ssh/authorized_keys"),
  );
  expect(Object.entries(there).filter(([, count]) => count !== "1")).toEqual([]);
  expect(await asked(site.bootId)).toEqual(boots);
  await stack.run("up", "--expect-no-changes");
});
