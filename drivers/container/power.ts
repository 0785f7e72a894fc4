import { domainState, sshAnswers, until, virsh } from "./host";

// The provider is serialised into the stack's state by Pulumi with all that it reaches, so this file uses Node's own
// modules only, and functions.

/** A machine must answer on ssh within this time (requirements: 60 s), ms. */
export const SSH_DEADLINE = 60_000;
/** A machine that has not stopped by itself after this time is switched off, ms. */
const STOP_DEADLINE = 20_000;

/** Asks the machine to power off; switches it off when it has not done so in time. */
export async function stop(domain: string): Promise<void> {
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

/** Whether a running container is another one than its definition says: that takes effect at its next start. */
export async function isOutdated(domain: string): Promise<boolean> {
  if ((await domainState(domain)) !== "running") return false;
  const [now, next] = await Promise.all([
    virsh("dumpxml", domain),
    virsh("dumpxml", "--inactive", domain),
  ]);
  return definitionIn(now) !== definitionIn(next);
}

/** What `domainXml` wrote of it. */
const definitionIn = (xml: string): string =>
  /<description>(.*?)<\/description>/.exec(xml)?.[1] ?? "";

/** Stops and starts a container whose definition is another by now, and waits until it answers on ssh. */
export async function powerCycle(domain: string, address: string): Promise<void> {
  if (!(await isOutdated(domain))) return;
  await stop(domain);
  await virsh("start", domain);
  await until(`ssh on ${domain} (${address})`, SSH_DEADLINE, () => sshAnswers(address));
}
