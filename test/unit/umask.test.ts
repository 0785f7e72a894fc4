/** What is made does not depend on the umask of who makes it. */
import { mkdirSync, statSync } from "node:fs";
import * as path from "node:path";
import execa from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { projectRoot } from "../../lib/project";
import { Commands, TSX } from "../support/program";

const dir = new Commands();
afterAll(dir.remove);
// Neither root nor a kernel that allows mounts is needed.
dir.set("mount", "exit 0");
dir.set("chroot", "exit 0");

/** Runs TypeScript of the project in a process with this umask. */
const run = (umask: string, code: string) =>
  execa("sh", ["-c", `umask ${umask}; exec node ${TSX.join(" ")} -e "$0"`, code], {
    cwd: projectRoot,
    env: { PATH: `${dir.path("bin")}:${process.env["PATH"]}` },
  });
const modes = (root: string, ...files: string[]) =>
  Object.fromEntries(
    files.map((file) => [file, (statSync(path.join(root, file)).mode & 0o777).toString(8)]),
  );

describe.each(["022", "027", "077"])("with umask %s", (umask) => {
  const container = dir.path(`sites-${umask}`, "stack", "web1");
  const image = dir.path(`image-${umask}`);
  const portal = dir.path(`portal-${umask}`);

  beforeAll(async () => {
    const inputs = {
      ...{ domain: "d", hostname: "web1", address: "198.18.1.21", prefixLength: 24 },
      ...{ gateway: "198.18.1.1", interface: "eth0", image: "/image", directory: container },
      authorizedKey: "ssh-ed25519 AAAA",
    };
    mkdirSync(path.join(container, "root/etc/ssh"), { recursive: true });
    for (const part of ["etc/init.d", "etc/ssh"])
      mkdirSync(path.join(image, part), { recursive: true });
    await run(
      umask,
      `const r = require("./drivers/container/root"); const c = ${JSON.stringify(inputs)};
       r.mountRoot(c).then(() => r.personalise(c));
       require("./image/finish").finish(${JSON.stringify(image)});
       require("./portal/build").bundlePortal(${JSON.stringify(portal)});`,
    );
  });

  it("users of a container can enter its root directory, and read what is made in it", () => {
    expect(
      modes(
        container,
        ...["upper", "root/etc/systemd/network", "root/etc/systemd/network/10-site.network"],
        ...["root/etc/hosts", "root/root/.ssh", "root/root/.ssh/authorized_keys"],
        ...["root/etc/ssh/ssh_host_ed25519_key", "root/usr/local/sbin"],
      ),
    ).toEqual({
      upper: "755",
      "root/etc/systemd/network": "755",
      "root/etc/systemd/network/10-site.network": "644",
      "root/etc/hosts": "644",
      "root/root/.ssh": "700",
      "root/root/.ssh/authorized_keys": "600",
      "root/etc/ssh/ssh_host_ed25519_key": "600",
      "root/usr/local/sbin": "755",
    });
  });

  it("users of a machine can read what the image was given", () => {
    expect(
      modes(
        image,
        "etc/init.d",
        "etc/systemd/system.conf.d",
        "etc/resolv.conf",
        "etc/ssh/sshd_config.d",
      ),
    ).toEqual({
      "etc/init.d": "755",
      "etc/systemd/system.conf.d": "755",
      "etc/resolv.conf": "644",
      "etc/ssh/sshd_config.d": "755",
    });
  });

  it("the portal can be read by the user that it runs as", () => {
    expect(modes(portal, "portal.js")).toEqual({ "portal.js": "644" });
  });
});
