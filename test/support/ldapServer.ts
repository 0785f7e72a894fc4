import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import execa from "execa";
import { build, isFresh } from "../../image/build";
import { hpcHome } from "../../lib/home";
import { until } from "../../lib/wait";
import { ensurePackages, MMDEBSTRAP } from "../../toolchain/host";
import { AUTHORITY, Certificates, server as of } from "./ownCertificate";
import { pace } from "./pace";

const PORT = 10636;
const BASE = "dc=example,dc=org";
const READER = `cn=hpc,${BASE}`;

/** A user of the directory. */
export interface DirectoryUser {
  name: string;
  uid: number;
  gid: number;
  fullName: string;
}

export interface LdapServer {
  /** What `users.ldap` is to say of it, but for the password. */
  uri: string;
  base: string;
  reader: string;
  /** File of the CA that it must be verified with. */
  ca: string;
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Stops it, and leaves nothing of it. */
  remove(): Promise<void>;
}

/**
 * Debian's OpenLDAP on this machine, over ldaps alone, which lets nobody ask but one user. It runs in a root file system of
 * its own, so that the host gets no daemon; that is made once in 30 days, and takes a minute.
 * @param address that it listens on, which its certificate is for
 * @param password of the user that may ask
 * @param groups name and id of each
 */
export async function ldapServer(
  address: string,
  password: string,
  users: DirectoryUser[],
  groups: Record<string, number>,
): Promise<LdapServer> {
  const root = await slapdRoot();
  // Inside of it, so that slapd finds it there.
  const inside = fs.mkdtempSync(path.join(root, "tmp", "ldap-"));
  const at = `/tmp/${path.basename(inside)}`;
  const write = (name: string, text: string) => fs.writeFileSync(path.join(inside, name), text);
  const made = new Certificates(inside);
  await made.make("ca", undefined, AUTHORITY);
  await made.make("server", "ca", of(`IP:${address}`));
  fs.mkdirSync(path.join(inside, "db"));
  write("slapd.conf", settings(at));
  write("data.ldif", entries(password, users, groups));
  execFileSync("chroot", [root, "slapadd", "-f", `${at}/slapd.conf`, "-l", `${at}/data.ldif`], {
    stdio: "pipe",
  });
  const uri = `ldaps://${address}:${PORT}`;
  let server: ChildProcess | undefined;
  return {
    uri,
    base: BASE,
    reader: READER,
    ca: made.file("ca.pem"),
    async start() {
      const args = [root, "slapd", "-f", `${at}/slapd.conf`, "-h", uri, "-d", "0"];
      const child = spawn("chroot", args, { stdio: "ignore" });
      server = child;
      await until("slapd serves", 20 * pace(), async () => {
        if (child.exitCode !== null) throw new Error(`slapd ended with ${child.exitCode}`);
        const ask = ["s_client", "-connect", `${address}:${PORT}`];
        return !(await execa("openssl", ask, { input: "", reject: false })).failed;
      });
    },
    stop,
    async remove() {
      await stop();
      fs.rmSync(inside, { recursive: true });
    },
  };

  async function stop(): Promise<void> {
    const child = server;
    server = undefined;
    if (!child || child.exitCode !== null) return;
    const over = new Promise((resolve) => child.once("exit", resolve));
    child.kill();
    await over;
  }
}

async function slapdRoot(): Promise<string> {
  const images = path.join(hpcHome(), "images");
  const root = path.join(images, "slapd");
  if (fs.existsSync(root) && isFresh(root)) return root;
  fs.mkdirSync(images, { recursive: true });
  const say = (text: string) => console.log(`  ${text}`);
  await ensurePackages(MMDEBSTRAP, say);
  say("a root file system with slapd, a minute");
  await build(root, ["slapd"], process.env["HPC_HA_DEBIAN_MIRROR"], { finish: () => undefined });
  return root;
}

const settings = (at: string): string => `
${["core", "cosine", "nis", "inetorgperson"].map((s) => `include /etc/ldap/schema/${s}.schema`).join("\n")}
modulepath /usr/lib/ldap
moduleload back_mdb
TLSCertificateFile ${at}/server.pem
TLSCertificateKeyFile ${at}/server.key
database mdb
suffix ${BASE}
directory ${at}/db
access to attrs=userPassword by anonymous auth by * none
access to * by dn=${READER} read by * none
`;

function entries(password: string, users: DirectoryUser[], groups: Record<string, number>): string {
  const encoded = (text: string) => Buffer.from(text).toString("base64");
  return [
    `dn: ${BASE}\nobjectClass: dcObject\nobjectClass: organization\no: example\ndc: example`,
    `dn: ${READER}\nobjectClass: organizationalRole\nobjectClass: simpleSecurityObject\ncn: hpc\nuserPassword: ${password}`,
    ...users.map(({ name, uid, gid, fullName }) =>
      [
        `dn: uid=${name},${BASE}`,
        "objectClass: inetOrgPerson",
        "objectClass: posixAccount",
        ...[`uid: ${name}`, `cn: ${name}`, `sn: ${name}`],
        ...[`uidNumber: ${uid}`, `gidNumber: ${gid}`, `homeDirectory: /home/${name}`],
        // None of these machines has it.
        "loginShell: /bin/zsh",
        `gecos:: ${encoded(fullName)}`,
      ].join("\n"),
    ),
    ...Object.entries(groups).map(
      ([name, gid]) =>
        `dn: cn=${name},${BASE}\nobjectClass: posixGroup\ncn: ${name}\ngidNumber: ${gid}`,
    ),
    "",
  ].join("\n\n");
}
