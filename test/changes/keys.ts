/** 8. Who may log in. */
import * as fs from "node:fs";
import execa from "execa";
import { sshArguments } from "../../lib/ssh";
import { machinesOf } from "../../plan/outputs";
import type { Case } from "../faults/cases";
import type { Cluster } from "../faults/cluster";
import { configure } from "../support/site";
import { scratch } from "./scratch";
import { nothing, takenBack, toTakeBack, up, USUAL } from "./steps";
import { starts } from "./units";

/** Makes a second administrator's key. @returns its file */
async function secondKey(): Promise<string> {
  const file = scratch("second");
  fs.rmSync(file, { force: true });
  await execa("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "second", "-f", file]);
  return file;
}

/** Machines that a key does, or does not, open. */
async function opened(c: Cluster, privateKeyFile: string): Promise<Map<string, boolean>> {
  const access = { ...c.outputs.ssh, privateKeyFile };
  return new Map(
    await Promise.all(
      machinesOf(c.outputs).map(async ({ name, address }): Promise<[string, boolean]> => {
        const { exitCode, stderr } = await execa(
          "ssh",
          [...sshArguments(access, address), "true"],
          {
            reject: false,
          },
        );
        // Any other failure is none of the key.
        if (exitCode !== 0 && !/Permission denied/.test(stderr)) throw new Error(stderr);
        return [name, exitCode === 0];
      }),
    ),
  );
}

/** @throws Error that names the machines where it is not so */
async function expectOpened(c: Cluster, key: string, wanted: boolean): Promise<void> {
  const wrong = [...(await opened(c, key))].filter(([, is]) => is !== wanted).map(([m]) => m);
  if (wrong.length > 0) {
    throw new Error(`the key ${wanted ? "does not open" : "still opens"} ${wrong.join(", ")}`);
  }
}

export const keyCases: Case[] = [
  {
    ...USUAL,
    name: "a second administrator's key comes and goes",
    fault: async (c) => {
      await toTakeBack(async () => {
        const before = await starts(c);
        const key = await secondKey();
        const read = (file: string) => fs.readFileSync(`${file}.pub`, "utf8").trim();
        const authorizedKeys = [c.outputs.ssh.privateKeyFile, key].map(read);
        configure({ ssh: { authorizedKeys } });
        await up();
        await expectOpened(c, key, true);
        await takenBack();
        await expectOpened(c, key, false);
        await expectOpened(c, c.outputs.ssh.privateKeyFile, true);
        const after = await starts(c);
        const restarted = Object.keys(before).filter((m) => before[m] !== after[m]);
        if (restarted.length > 0) throw new Error(`restarted: ${restarted.join(", ")}`);
      });
      return nothing;
    },
  },
];
