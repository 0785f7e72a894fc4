import * as child from "node:child_process";
import * as fs from "node:fs";
import * as net from "node:net";
import type * as pulumi from "@pulumi/pulumi";
import { removeParentIfEmpty, until } from "./host";
import { fenceConfiguration } from "../../programs/fenceConfiguration";
import type { FenceDaemonInputs, FenceDaemonState } from "./fenceInputs";

// This file is serialised into the stack's state by Pulumi, so it uses Node's own modules only and
// reaches everything through these functions.

/** It answers within this time after its start, and is gone within this time after SIGTERM, ms. */
const DEADLINE = 10_000;

/** Process id of the daemon that works in a directory; undefined when there is none. */
function pidOf(directory: string): number | undefined {
  try {
    const pid = Number(fs.readFileSync(`${directory}/pid`, "utf8"));
    // A process id may be somebody else's by now.
    return fs.readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(directory) ? pid : undefined;
  } catch {
    return undefined;
  }
}

function answers(address: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect({ host: address, port, timeout: 1000 });
    const done = (ok: boolean) => {
      socket.destroy();
      resolve(ok);
    };
    socket.once("connect", () => done(true));
    socket.once("error", () => done(false));
    socket.once("timeout", () => done(false));
  });
}

async function stop(directory: string): Promise<void> {
  const pid = pidOf(directory);
  if (pid === undefined) return;
  process.kill(pid, "SIGTERM");
  await until(`the end of fence_virtd (pid ${pid})`, DEADLINE, () =>
    Promise.resolve(pidOf(directory) === undefined),
  );
}

async function start(c: FenceDaemonInputs): Promise<FenceDaemonState> {
  await stop(c.directory);
  fs.mkdirSync(c.directory, { recursive: true, mode: 0o700 });
  fs.writeFileSync(`${c.directory}/key`, c.key, { mode: 0o600 });
  fs.writeFileSync(`${c.directory}/fence_virt.conf`, fenceConfiguration(c.directory, c));
  // Without a file of its own a second one, of another stack, takes itself for already running.
  const lock = `${c.directory}/lock`;
  const args = ["-F", "-w", "-p", lock, "-f", `${c.directory}/fence_virt.conf`];
  const daemon = child.spawn("fence_virtd", args, { detached: true, stdio: "ignore" });
  const failed = new Promise<never>((_, reject) => {
    daemon.once("error", reject);
    daemon.once("exit", (code) => reject(new Error(`fence_virtd ended (exit code ${code})`)));
  });
  fs.writeFileSync(`${c.directory}/pid`, String(daemon.pid));
  const ready = until(`fence_virtd on ${c.address}:${c.port}`, DEADLINE, () =>
    answers(c.address, c.port),
  );
  await Promise.race([ready, failed]);
  failed.catch(() => undefined);
  daemon.unref();
  return { ...c, running: true };
}

export const fenceDaemonProvider: pulumi.dynamic.ResourceProvider<
  FenceDaemonInputs,
  FenceDaemonState
> = {
  diff(_id, olds, news) {
    const keys = ["key", "uri", "address", "port", "sources", "domains", "network"] as const;
    const changed = keys.some((k) => JSON.stringify(olds[k]) !== JSON.stringify(news[k]));
    const replaces = olds.directory === news.directory ? [] : ["directory"];
    return Promise.resolve({
      changes: changed || !olds.running || replaces.length > 0,
      replaces,
      deleteBeforeReplace: true,
    });
  },

  async create(inputs) {
    return { id: inputs.directory, outs: await start(inputs) };
  },

  async update(_id, _olds, news) {
    return { outs: await start(news) };
  },

  read(id, props) {
    if (props === undefined || id === undefined) throw new Error("it cannot be imported");
    return Promise.resolve({ id, props: { ...props, running: pidOf(id) !== undefined } });
  },

  async delete(id) {
    await stop(id);
    fs.rmSync(id, { recursive: true, force: true });
    removeParentIfEmpty(id);
  },
};
