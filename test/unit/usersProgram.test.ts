import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import execa from "execa";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { projectRoot } from "../../lib/project";
import { Commands } from "../support/program";

/** What makes the users on a machine, with Debian's own useradd in a root directory of the test's. */
const commands = new Commands();
afterAll(commands.remove);
const program = path.join(projectRoot, "ansible/roles/users/files/users.py");
const root = commands.path("root");
const file = (name: string) => path.join(root, name);
const read = (name: string) => readFileSync(file(name), "utf8");

const kim = {
  name: "kim",
  uid: 2001,
  group: "kim",
  gid: 2001,
  full_name: "김철수",
  ssh_keys: ["ssh-ed25519 AAAA kim@desk"],
};
const lee = { ...kim, name: "lee", uid: 2002, group: "chem", gid: 3000, ssh_keys: [] };
const LOGIN = { shell: "/bin/bash", homes: true, login: true };
const CONTROLLER = { shell: "/usr/sbin/nologin", homes: false, login: false };

const start = (users: object[], where: object, ...words: string[]) =>
  execa("python3", [program, root, ...words], {
    input: JSON.stringify({ users, ...where }),
    env: { PATH: `${commands.path("bin")}:${process.env["PATH"]}` },
    reject: false,
  });
/** What was changed. */
async function run(users: object[], where: object = LOGIN, ...words: string[]): Promise<string[]> {
  const { exitCode, stdout, stderr } = await start(users, where, ...words);
  expect([exitCode, stderr]).toEqual([0, ""]);
  return stdout.split("\n").filter((line) => line !== "");
}
const line = (list: string, name: string) =>
  read(`etc/${list}`)
    .split("\n")
    .find((text) => text.startsWith(`${name}:`));

beforeEach(() => {
  rmSync(root, { recursive: true, force: true });
  for (const dir of ["etc/skel", "home"]) mkdirSync(file(dir), { recursive: true });
  writeFileSync(
    file("etc/passwd"),
    "root:x:0:0:root:/root:/bin/bash\nslurm:x:64030:64030::/:/bin/false\n",
  );
  writeFileSync(file("etc/group"), "root:x:0:\nslurm:x:64030:\n");
  writeFileSync(file("etc/shadow"), "root:*:19000:0:99999:7:::\nslurm:!:19000::::::\n");
  writeFileSync(file("etc/gshadow"), "root:*::\nslurm:!::\n");
  writeFileSync(file("etc/skel/.profile"), "");
});

// useradd and chown are root's.
describe.skipIf(process.getuid?.() !== 0)("the users of a machine", () => {
  it("are made with their ids, names, homes and keys, and a second run changes nothing", async () => {
    expect(await run([kim, lee])).toEqual([
      "group kim",
      "user kim",
      "group chem",
      "user lee",
      "keys of kim",
      "home of kim",
      "home of lee",
    ]);
    expect(line("passwd", "kim")).toBe("kim:x:2001:2001:김철수:/home/kim:/bin/bash");
    expect(line("passwd", "lee")).toBe("lee:x:2002:3000:김철수:/home/lee:/bin/bash");
    expect(line("shadow", "kim")).toMatch(/^kim:!/);
    expect(read("etc/ssh/authorized_keys.d/kim")).toBe("ssh-ed25519 AAAA kim@desk\n");
    const home = statSync(file("home/kim"));
    expect([home.uid, home.gid, home.mode & 0o777]).toEqual([2001, 2001, 0o700]);
    expect(statSync(file("home/kim/.profile")).uid).toBe(2001);
    expect(await run([kim, lee])).toEqual([]);
    expect(await run([kim, lee], LOGIN, "--look")).toEqual([]);
  });

  it("are only looked at when changes are only looked for", async () => {
    expect(await run([kim], LOGIN, "--look")).toEqual([
      "group kim",
      "user kim",
      "keys of kim",
      "home of kim",
    ]);
    expect(line("passwd", "kim")).toBeUndefined();
    expect([existsSync(file("home/kim")), existsSync(file("var"))]).toEqual([false, false]);
  });

  it("have neither home nor keys on a controller, and no shell", async () => {
    await run([kim], CONTROLLER);
    expect(line("passwd", "kim")).toBe("kim:x:2001:2001:김철수:/home/kim:/usr/sbin/nologin");
    expect([existsSync(file("home/kim")), existsSync(file("etc/ssh"))]).toEqual([false, false]);
    expect(await run([kim], CONTROLLER)).toEqual([]);
  });

  it("follow another full name and other keys", async () => {
    await run([kim, { ...lee, ssh_keys: kim.ssh_keys }]);
    const other = { ...kim, full_name: "김영희", ssh_keys: ["ssh-ed25519 BBBB"] };
    expect(await run([other, lee])).toEqual(
      expect.arrayContaining(["user kim", "keys of kim", "keys of lee"]),
    );
    expect(line("passwd", "kim")).toContain(":김영희:");
    expect(read("etc/ssh/authorized_keys.d/kim")).toBe("ssh-ed25519 BBBB\n");
    expect(existsSync(file("etc/ssh/authorized_keys.d/lee"))).toBe(false);
    expect(await run([other, lee])).toEqual([]);
  });

  it("who leave are locked, with their ids and homes, and come back as they were", async () => {
    await run([kim, lee]);
    expect(await run([lee])).toEqual(["kim is locked", "keys of kim"]);
    expect(line("shadow", "kim")?.split(":")[7]).toBe("1");
    expect(line("passwd", "kim")).toContain("kim:x:2001:2001:");
    expect(existsSync(file("home/kim/.profile"))).toBe(true);
    expect(await run([lee])).toEqual([]);
    expect(await run([])).toEqual(["lee is locked"]);
    expect(await run([kim])).toEqual(["user kim", "keys of kim"]);
    expect(line("shadow", "kim")?.split(":")[7]).toBe("");
    expect(await run([kim])).toEqual([]);
  });

  it("whom an administrator made are left alone", async () => {
    await run([kim]);
    await execa("useradd", ["--prefix", root, "--uid", "1500", "admin"]);
    expect(await run([kim])).toEqual([]);
    expect(await run([])).toEqual(["kim is locked", "keys of kim"]);
    expect(line("shadow", "admin")?.split(":")[7]).toBe("");
  });

  it("of whom a run that was cut off made some are made whole by the next", async () => {
    commands.set("useradd", "kill -KILL $PPID");
    expect((await start([kim, lee], LOGIN)).exitCode).not.toBe(0);
    commands.set("useradd", 'exec /usr/sbin/useradd "$@"');
    expect(await run([kim, lee])).toEqual(
      expect.arrayContaining(["user kim", "group chem", "user lee", "home of lee"]),
    );
    expect(await run([])).toContain("kim is locked");
  });

  it("are refused where something of theirs is another's, all faults at once, and nothing is touched", async () => {
    await run([kim]);
    await execa("groupadd", ["--prefix", root, "--gid", "3000", "bio"]);
    const before = read("etc/passwd");
    const { exitCode, stderr } = await start(
      [
        { ...kim, uid: 2009 },
        lee,
        { ...lee, name: "slurm2", uid: 64030, group: "slurm", gid: 2001 },
      ],
      LOGIN,
    );
    expect([exitCode, stderr.split("\n")]).toEqual([
      1,
      [
        "user kim has uid 2001 here, and is to have 2009: his files would be another's",
        "gid 3000 of lee is group bio's here",
        "uid 64030 of slurm2 is slurm's here",
        "group slurm has gid 64030 here, and is to have 2001",
        "gid 2001 of slurm2 is group kim's here",
      ],
    ]);
    expect(read("etc/passwd")).toBe(before);
  });

  it("whose homes nobody can make here are told where they log in, and have all the rest", async () => {
    rmSync(file("home"), { recursive: true });
    const { exitCode, stderr } = await start([kim], LOGIN);
    expect([exitCode, stderr]).toEqual([
      1,
      `${file("home/kim")} is not there and cannot be made from here (No such file or directory): make it on its server`,
    ]);
    expect(line("passwd", "kim")).toBeDefined();
    expect(await run([kim], { ...LOGIN, login: false })).toEqual([]);
  });
});
