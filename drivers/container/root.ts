import * as fs from "node:fs";
import { INIT, INIT_SCRIPT } from "./boot";
import type { ContainerInputs } from "./inputs";
import { isMounted, run } from "./host";

// The provider is serialised into the stack's state by Pulumi with all that it reaches, so this file uses Node's own
// modules only, and functions.

/** Makes a directory and those above it, with this mode whatever the umask of who runs this. */
function makeDirectory(directory: string, mode = 0o755): void {
  if (fs.existsSync(directory)) return;
  makeDirectory(directory.replace(/\/[^/]*$/, ""));
  fs.mkdirSync(directory);
  fs.chmodSync(directory, mode);
}

/** Mounts the root file system: the image, with the machine's own layer over it. */
export async function mountRoot(c: ContainerInputs): Promise<void> {
  const dir = c.directory;
  // The upper layer's mode is that of the machine's root directory.
  for (const part of ["upper", "work", "root"]) makeDirectory(`${dir}/${part}`);
  // A machine stays on the image that its upper layer was made over.
  const record = `${dir}/image`;
  if (!fs.existsSync(record)) fs.writeFileSync(record, c.image);
  const image = fs.readFileSync(record, "utf8");
  if (!isMounted(`${dir}/root`)) {
    const layers = `lowerdir=${image},upperdir=${dir}/upper,workdir=${dir}/work`;
    await run("mount", ["-t", "overlay", "overlay", "-o", layers, `${dir}/root`]);
  }
}

/** Writes what makes this machine itself; returns the public host key. */
export async function personalise(c: ContainerInputs): Promise<string> {
  const root = `${c.directory}/root`;
  const write = (file: string, text: string, mode = 0o644) => {
    makeDirectory(`${root}${file}`.replace(/\/[^/]*$/, ""));
    fs.writeFileSync(`${root}${file}`, text, { mode });
    fs.chmodSync(`${root}${file}`, mode);
  };
  write(
    "/etc/systemd/network/10-site.network",
    `[Match]\nName=${c.interface}\n\n[Network]\nAddress=${c.address}/${c.prefixLength}\nGateway=${c.gateway}\n` +
      // Addresses are planned; waiting for others would hold back every service after the boot.
      "LinkLocalAddressing=no\nIPv6AcceptRA=no\n",
  );
  write("/etc/hostname", `${c.hostname}\n`);
  // Nobody reads the console. When it is full of news of a service that takes long to start, systemd stands still.
  write("/etc/systemd/system.conf.d/console.conf", "[Manager]\nShowStatus=no\n");
  write(INIT, INIT_SCRIPT, 0o755);
  // What others see to later: Slurm's names, role base's keys.
  if (!fs.existsSync(`${c.directory}/personal`)) {
    write("/etc/hosts", `127.0.0.1 localhost\n${c.address} ${c.hostname}\n`);
    makeDirectory(`${root}/root/.ssh`, 0o700);
    write("/root/.ssh/authorized_keys", `${c.authorizedKey}\n`, 0o600);
    fs.writeFileSync(`${c.directory}/personal`, "");
  }
  const key = `${root}/etc/ssh/ssh_host_ed25519_key`;
  if (!fs.existsSync(`${key}.pub`)) {
    fs.rmSync(key, { force: true });
    await run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", c.hostname, "-f", key]);
  }
  return fs.readFileSync(`${key}.pub`, "utf8").trim();
}
