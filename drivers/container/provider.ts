import * as fs from "node:fs";
import type * as pulumi from "@pulumi/pulumi";
import { domainXml } from "./boot";
import type { ContainerInputs, ContainerState } from "./inputs";
import { removeControlGroups } from "./controlGroups";
import { domainState, isMounted, removeParentIfEmpty, run, sshAnswers, until, virsh } from "./host";
import { SSH_DEADLINE, stop } from "./power";
import { mountRoot, personalise } from "./root";

// This file is serialised into the stack's state by Pulumi, so it uses Node's own modules only and
// reaches everything through these functions.

/**
 * Brings the container to the wanted state from whatever is there: also after an interruption. One that runs keeps
 * running as it is: what it is to be takes effect at its next start, which is the roll-out's (power.ts).
 */
async function ensure(
  c: ContainerInputs,
  { anew = false, redefine = false },
): Promise<ContainerState> {
  if (anew) await stop(c.domain);
  await mountRoot(c);
  const hostKey = await personalise(c);
  if ((await domainState(c.domain)) === "paused") await virsh("destroy", c.domain);
  const state = await domainState(c.domain);
  if (state !== "running" || redefine) {
    const xml = `${c.directory}/domain.xml`;
    // Without its id it would be another domain of the same name for libvirt.
    const uuid = state === "absent" ? "" : await virsh("domuuid", c.domain);
    fs.writeFileSync(xml, domainXml(c, uuid));
    await virsh("define", xml);
  }
  if (state !== "running") await virsh("start", c.domain);
  await until(`ssh on ${c.hostname} (${c.address})`, SSH_DEADLINE, () => sshAnswers(c.address));
  return { ...c, hostKey, running: true };
}

const REPLACING = ["domain", "directory"] as const;
const DEFINING = [
  "hostname",
  "address",
  "prefixLength",
  "gateway",
  "interface",
  "mac",
  "vcpus",
  "memoryMiB",
  "network",
  "mounts",
] as const;

function changed(a: ContainerInputs, b: ContainerInputs, keys: readonly (keyof ContainerInputs)[]) {
  return keys.filter((k) => JSON.stringify(a[k]) !== JSON.stringify(b[k]));
}

export const containerProvider: pulumi.dynamic.ResourceProvider<ContainerInputs, ContainerState> = {
  diff(_id, olds, news) {
    const replaces = changed(olds, news, REPLACING);
    const changes =
      replaces.length > 0 || !olds.running || changed(olds, news, DEFINING).length > 0;
    return Promise.resolve({ changes, replaces, deleteBeforeReplace: true });
  },

  async create(inputs) {
    // One that is there already is of an interrupted run, and may not even have booted.
    return { id: inputs.domain, outs: await ensure(inputs, { anew: true }) };
  },

  async update(_id, olds, news) {
    const redefine = changed(olds, news, DEFINING).length > 0;
    return { outs: await ensure({ ...news, image: olds.image }, { redefine }) };
  },

  async read(id, props) {
    if (props === undefined || id === undefined) throw new Error("containers cannot be imported");
    const state = await domainState(id);
    if (state === "absent") return {};
    return { id, props: { ...props, running: state === "running" } };
  },

  async delete(id, props) {
    await stop(id);
    if ((await domainState(id)) !== "absent") await virsh("undefine", id);
    await removeControlGroups(id);
    if (isMounted(`${props.directory}/root`)) await run("umount", [`${props.directory}/root`]);
    fs.rmSync(props.directory, { recursive: true, force: true });
    removeParentIfEmpty(props.directory);
  },
};
