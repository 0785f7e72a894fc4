import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import execa from "execa";
import { imageOf } from "../../components/slurm/packages";
import type { ContainerInputs } from "../../drivers/container/inputs";
import { containerProvider } from "../../drivers/container/provider";
import { domainName, imagePath, machineDirectory } from "../../drivers/place";
import { hpcHome } from "../../lib/home";
import { pinnedSsh } from "../../lib/ssh";
import { gateway } from "../../plan/addresses";
import { baseConfig, stack } from "./site";

/** A machine in the stack's network that its program did not make. */
export interface Guest {
  address: string;
  hostKey: string;
  /** Runs shell text as root there. Rejects when that fails. */
  run(text: string, input?: string | Buffer): Promise<string>;
  remove(): Promise<void>;
}

/** A key pair that only guests know. */
export interface GuestKey {
  file: string;
  /** The private key. */
  text: string;
  remove(): void;
}

export function guestKey(): GuestKey {
  const directory = mkdtempSync(path.join(tmpdir(), "hpc-ha-guest-"));
  const file = path.join(directory, "key");
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "guest", "-f", file]);
  const text = readFileSync(file, "utf8");
  return { file, text, remove: () => rmSync(directory, { recursive: true }) };
}

/**
 * A Debian container over the image of the site's machines. It is called as they are, so that what removes a site that was left
 * half-way removes it too.
 * @param host number of its address in the subnet, which must be nobody's
 */
export async function guest(
  name: string,
  host: number,
  key: GuestKey,
  memoryMiB = 1024,
): Promise<Guest> {
  const place = { prefix: stack.prefix, home: hpcHome() };
  const way = gateway(baseConfig()["cidr"] as string);
  const address = way.replace(/\d+$/, String(host));
  const inputs: ContainerInputs = {
    domain: domainName(place, { name }),
    hostname: name,
    ...{ address, prefixLength: 24, gateway: way, interface: "eth0" },
    mac: `52:54:00:00:fe:${host.toString(16).padStart(2, "0")}`,
    ...{ vcpus: 2, memoryMiB, network: place.prefix, mounts: [] },
    image: imagePath(place.home, imageOf("debian")),
    directory: machineDirectory(place, name),
    authorizedKey: readFileSync(`${key.file}.pub`, "utf8").trim(),
  };
  const { id, outs } = await containerProvider.create(inputs);
  const hostKey = outs?.hostKey ?? "";
  const [ssh = "", ...args] = pinnedSsh(
    { user: "root", privateKeyFile: key.file },
    { address, hostKey },
  );
  return {
    ...{ address, hostKey },
    run: async (text, input = "") => (await execa(ssh, [...args, text], { input })).stdout,
    remove: async () => containerProvider.delete?.(id, { ...inputs, hostKey, running: true }),
  };
}
