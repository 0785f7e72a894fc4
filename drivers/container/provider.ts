import * as fs from "node:fs";
import type * as pulumi from "@pulumi/pulumi";
import { domainXml } from "./boot";
import type { ContainerInputs, ContainerState } from "./inputs";
import { removeControlGroups } from "./controlGroups";
import { domainState, isMounted, removeParentIfEmpty, run, sshAnswers, until, virsh } from "./host";
import { mountRoot, personalise } from "./root";

// This file is serialised into the stack's state by Pulumi, so it uses Node's own modules only and
// reaches everything through these functions.

/** A machine must answer on ssh within this time (requirements: 60 s), ms. */
const SSH_DEADLINE = 60_000;
/** A machine that has not stopped by itself after this time is switched off, ms. */
const STOP_DEADLINE = 20_000;

/** Asks the machine to power off; switches it off when it has not done so in time. */
async function stop(domain: string): Promise<void> {
  const state = await domainState(domain);
  if (state === "absent" || state === "shut off") return;
  if (state === "running") {
    // The poweroff ends this very shell's namespace, so its own failure says nothing.
    await virsh(
      "lxc-enter-namespace",
      domain,
      "--noseclabel",
      "--",
      "/bin/systemctl",
      "poweroff",
    ).catch(() => "");
    const off = async () => (await domainState(domain)) === "shut off";
    await until("a clean shutdown", STOP_DEADLINE, off).catch(() => undefined);
  }
  if ((await domainState(domain)) !== "shut off") await virsh("destroy", domain);
}

/** Brings the container to the wanted state from whatever is there: also after an interruption. */
async function ensure(c: ContainerInputs, restart: boolean): Promise<ContainerState> {
  if (restart) await stop(c.domain);
  await mountRoot(c);
  const hostKey = await personalise(c);
  if ((await domainState(c.domain)) === "paused") await virsh("destroy", c.domain);
  const state = await domainState(c.domain);
  if (state !== "running") {
    const xml = `${c.directory}/domain.xml`;
    fs.writeFileSync(xml, domainXml(c));
    // The definition of a stopped one is another domain of the same name for libvirt.
    if (state !== "absent") await virsh("undefine", c.domain);
    await virsh("define", xml);
    await virsh("start", c.domain);
  }
  await until(`ssh on ${c.hostname} (${c.address})`, SSH_DEADLINE, () => sshAnswers(c.address));
  return { ...c, hostKey, running: true };
}

const REPLACING = ["domain", "directory"] as const;
const RESTARTING = [
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
      replaces.length > 0 || !olds.running || changed(olds, news, RESTARTING).length > 0;
    return Promise.resolve({ changes, replaces, deleteBeforeReplace: true });
  },

  async create(inputs) {
    // One that is there already is of an interrupted run, and may not even have booted.
    return { id: inputs.domain, outs: await ensure(inputs, true) };
  },

  async update(_id, olds, news) {
    const restart = changed(olds, news, RESTARTING).length > 0;
    return { outs: await ensure({ ...news, image: olds.image }, restart) };
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
