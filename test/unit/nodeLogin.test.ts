import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import execa from "execa";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { projectRoot } from "../../lib/project";
import { Commands } from "../support/program";

/** What lets users in where they have jobs; PAM of this machine is asked about root, with its own common-account. */
const commands = new Commands();
afterAll(commands.remove);
const program = path.join(projectRoot, "ansible/roles/compute/files/node-login.py");
const root = commands.path("root");
const file = (name: string) => path.join(root, name);
const read = (name: string) => readFileSync(file(name), "utf8");
const write = (name: string, text: string) => writeFileSync(file(name), text);
const told = () => readFileSync(commands.path("told"), "utf8");

const SSHD = `auth required pam_env.so
account    required     pam_nologin.so
@include common-account
session required pam_loginuid.so
@include common-session
`;
const ACCOUNT = "account required pam_permit.so\n";

async function run(...words: string[]): Promise<{ changed: string[]; refusal: string }> {
  const { stdout, stderr, exitCode } = await execa("python3", [program, root, ...words], {
    env: { PATH: `${commands.path("bin")}:${process.env["PATH"]}` },
    reject: false,
  });
  expect(exitCode).toBe(stderr === "" ? 0 : 1);
  return { changed: stdout.split("\n").filter((line) => line !== ""), refusal: stderr };
}
const changed = (...lines: string[]) => ({ changed: lines, refusal: "" });

beforeEach(() => {
  rmSync(root, { recursive: true, force: true });
  for (const dir of ["etc/pam.d", "etc/ssh/sshd_config.d", "etc/systemd/system", "lib/security"])
    mkdirSync(file(dir), { recursive: true });
  write("etc/pam.d/sshd", SSHD);
  write("etc/pam.d/common-account", ACCOUNT);
  write(
    "etc/pam.d/common-session",
    "session required pam_unix.so\n#session optional pam_systemd.so\n",
  );
  write("lib/security/pam_slurm_adopt.so", "");
  commands.set("sshd", "echo port 22; echo usepam yes");
  commands.set("systemctl", `echo "$@" >>${commands.path("told")}`);
  writeFileSync(commands.path("told"), "");
});

describe("login on a compute node", () => {
  it("is decided by PAM before the system's own accounts, never for root", async () => {
    expect(await run("on", "--look")).toEqual(changed("who may log in by ssh"));
    expect(read("etc/pam.d/sshd")).toBe(SSHD);
    expect(await run("on")).toEqual(changed("who may log in by ssh"));
    const lines = read("etc/pam.d/sshd")
      .split("\n")
      .filter((line) => line.startsWith("account"));
    expect(lines).toEqual([
      "account    required     pam_nologin.so",
      "account [success=1 default=ignore] pam_succeed_if.so quiet uid = 0",
      expect.stringMatching(/^account required \/lib\/security\/pam_slurm_adopt.so .*failure=deny/),
    ]);
    expect(read("etc/pam.d/sshd")).toMatch(/# END.*\n@include common-account\n/);
    expect(await run("on")).toEqual(changed());
    // No pam_systemd that would take processes out of the job.
    expect(told()).toBe("");
  });

  it("leaves nothing behind", async () => {
    await run("on");
    write("etc/ssh/sshd_config.d/hpc-ha-users.conf", "");
    expect((await run("off")).refusal).toBe("");
    expect(read("etc/pam.d/sshd")).toBe(SSHD);
    expect(existsSync(file("etc/ssh/sshd_config.d/hpc-ha-users.conf"))).toBe(false);
    expect(told()).toBe("reload ssh\n");
    expect(await run("off")).toEqual(changed());
  });

  it("keeps its processes in the job: logind is masked meanwhile", async () => {
    write("etc/pam.d/common-session", "session optional pam_systemd.so\n");
    await run("on");
    expect(told()).toBe("mask --now systemd-logind.service\n");
    symlinkSync("/dev/null", file("etc/systemd/system/systemd-logind.service"));
    expect(await run("on")).toEqual(changed());
    await run("off");
    expect(told()).toContain("unmask systemd-logind.service\n");
  });

  it.each([
    ["denies root", "account required pam_deny.so\n", "Authentication failure"],
    ["names a module that is not there", "account required pam_nowhere.so\n", "Module is unknown"],
    ["names a file that is not there", "@include common-nowhere\n", "immediate abort"],
  ])("is not touched where PAM %s: root would be locked out", async (_, line, why) => {
    write("etc/pam.d/sshd", `${line}${SSHD}`);
    const { changed, refusal } = await run("on");
    expect(changed).toEqual([]);
    expect(refusal).toMatch(/^root could not log in any more: .+\. Nothing was changed$/);
    expect(refusal).toContain(why);
    expect(read("etc/pam.d/sshd")).toBe(`${line}${SSHD}`);
  });

  it.each([
    [
      "the module",
      () => rmSync(file("lib/security/pam_slurm_adopt.so")),
      /install libpam-slurm-adopt/,
    ],
    ["UsePAM", () => commands.set("sshd", "echo usepam no"), /^sshd does not ask PAM/],
    [
      "Debian's line",
      () => write("etc/pam.d/sshd", ACCOUNT),
      /has the line @include common-account 0 times/,
    ],
  ])("is refused without %s", async (_, breaks, message) => {
    breaks();
    const before = read("etc/pam.d/sshd");
    expect(await run("on")).toEqual({
      changed: [],
      refusal: expect.stringMatching(message) as string,
    });
    expect(read("etc/pam.d/sshd")).toBe(before);
  });
});
