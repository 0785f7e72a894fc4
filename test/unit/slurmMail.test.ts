/** A mail of a job from Slurm's MailProg to a real mail server. */
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import execa from "execa";
import type { SMTPServerOptions } from "smtp-server";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { mail, mailOptions, relayOf } from "../../components/slurm/mail";
import { chosenOptions, optionFaults } from "../../components/slurm/options";
import { projectRoot } from "../../lib/project";
import { MailServer } from "../support/mailServer";
import { Certificates, server as serverExtensions } from "../support/ownCertificate";

const SCRIPT = path.join(projectRoot, "ansible/roles/controllers/files/slurm-mail");
const PASSWORD = "p4ss{{word}} of the mail";
const SUBJECT = "Slurm Job_id=7 Name=큰 일 Ended, Run time 00:00:01, COMPLETED, ExitCode 0";

let dir: string;
let certificates: Certificates;
const open: MailServer[] = [];
const queue = () => path.join(dir, "mail");

beforeEach(async () => {
  dir = fs.mkdtempSync(path.join(tmpdir(), "hpc-ha-mail-"));
  fs.mkdirSync(queue());
  fs.writeFileSync(path.join(dir, "slurm-ha"), `SELF=m1\nSHARE=${dir}\n`);
  certificates = new Certificates(path.join(dir, "certificates"));
  await certificates.make("relay", undefined, serverExtensions("IP:127.0.0.1"));
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.stop()));
  fs.rmSync(dir, { recursive: true });
});

/** As slurmctld calls it. */
const say = (subject: string, to: string) =>
  execa("sh", ["-c", here(), "slurm-mail", "-s", subject, to], {
    env: { SLURM_JOB_ID: "7", SLURM_JOB_STATE: "COMPLETED", SLURM_JOB_WORK_DIR: "/home/ann" },
    extendEnv: false,
    reject: false,
  });
const here = () =>
  fs.readFileSync(SCRIPT, "utf8").replace("/etc/default/slurm-ha", path.join(dir, "slurm-ha"));

/** What slurm-ha says as it sends what waits, once. @param trusts whether it trusts the server's certificate */
async function send(relay: string, trusts = true): Promise<string> {
  const program = `import json, sys
from pathlib import Path
from slurm_ha.host import Host
from slurm_ha.mail import Relay, send_waiting
relay = Relay(**json.loads(sys.stdin.read()))
print(send_waiting(Path(sys.argv[1]), relay, Host(), relay.connect))`;
  const { stdout, stderr } = await execa("python3", ["-c", program, queue()], {
    input: Buffer.from(relay, "base64").toString(),
    env: {
      PYTHONPATH: path.join(projectRoot, "slurm-ha"),
      PYTHONDONTWRITEBYTECODE: "1",
      ...(trusts && { SSL_CERT_FILE: certificates.file("relay.pem") }),
    },
  });
  return [stdout, stderr].filter((text) => text !== "").join("\n");
}

/** A server, and what slurm-ha is told of it. */
async function relay(more: object = {}, options: SMTPServerOptions = {}) {
  const server = new MailServer("127.0.0.1", {
    key: certificates.read("relay.key"),
    cert: certificates.read("relay.pem"),
    ...options,
  });
  await server.start();
  open.push(server);
  const config = { host: "127.0.0.1", port: server.port, from: "slurm@example.org", ...more };
  return { server, told: relayOf(mail.parse(config)) };
}

describe("a mail of a job", () => {
  it("goes from slurmctld over the share to the server, encrypted, and is gone then", async () => {
    const { server, told } = await relay();
    expect(await say(SUBJECT, "ann@example.org")).toMatchObject({ exitCode: 0, stdout: "" });
    expect(fs.readdirSync(queue())).toEqual([expect.stringMatching(/^mail\.\w{10}$/)]);
    expect(await send(told)).toBe("");
    expect(server.got).toEqual([
      {
        from: "slurm@example.org",
        to: "ann@example.org",
        subject: SUBJECT,
        text: "Job: 7\nDirectory: /home/ann\nState: COMPLETED\n",
      },
    ]);
    expect(fs.readdirSync(queue())).toEqual([]);
  });

  it("is sent with a password where the server wants one, and waits while it does not take it", async () => {
    const options: SMTPServerOptions = {
      authOptional: false,
      onAuth: ({ password }, _session, done) =>
        password === PASSWORD ? done(null, { user: "hpc" }) : done(new Error("no such password")),
    };
    const { server, told } = await relay({ user: "hpc", password: PASSWORD }, options);
    await say(SUBJECT, "ann@example.org");
    const config = { host: "127.0.0.1", port: server.port, from: "slurm@example.org" };
    const wrong = relayOf(mail.parse({ ...config, user: "hpc", password: "another" }));
    expect(await send(wrong)).toBe("no such password");
    expect(await send(told)).toBe("");
    expect(server.got).toHaveLength(1);
  });

  it("waits for a server that is not who it says, or does not encrypt", async () => {
    const { server, told } = await relay();
    await say(SUBJECT, "ann@example.org");
    expect(await send(told, false)).toContain("certificate verify failed");
    const plain = await relay({}, { disabledCommands: ["STARTTLS"] });
    expect(await send(plain.told)).toContain("STARTTLS extension not supported by server");
    const clear = await relay({ tls: false }, { disabledCommands: ["STARTTLS"] });
    expect(await send(clear.told)).toBe("");
    expect([server, plain.server, clear.server].map(({ got }) => got.length)).toEqual([0, 0, 1]);
  });

  it("is refused while too many wait, and slurmctld is told why", async () => {
    fs.writeFileSync(path.join(queue(), "mail.a"), "");
    const script = here().replace(/^MOST=\d+/m, "MOST=1");
    const { exitCode, stderr } = await execa("sh", ["-c", script, "slurm-mail", "-s", "x", "y"], {
      reject: false,
    });
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining("1 mails wait already")]);
    expect(fs.readdirSync(queue())).toEqual(["mail.a"]);
  });
});

describe("slurm.mail", () => {
  const SITE = { proctrack: "proctrack/cgroup", topology: false, enforce: [], mibPerCpu: 1000 };
  const relay = mail.parse({ host: "mail.example.org", from: "slurm@hpc.example.org" });

  it("is what slurm.conf says; without it there is no mail", () => {
    expect(chosenOptions({}, SITE)).toMatchObject({ MailProg: "/bin/true" });
    expect(chosenOptions({}, SITE)).not.toHaveProperty("MailDomain");
    expect(chosenOptions({}, { ...SITE, mail: relay })).toMatchObject({
      MailProg: "/usr/local/sbin/slurm-mail",
      MailDomain: "hpc.example.org",
    });
    expect(mailOptions({ ...relay, domain: "example.org" })["MailDomain"]).toBe("example.org");
  });

  it("leaves those keys to nobody else", () => {
    const own = { MailProg: "/usr/bin/mail", maildomain: "example.org" };
    expect(optionFaults(own, { jobSubmit: false })).toEqual([]);
    expect(optionFaults(own, { jobSubmit: false, mail: true })).toEqual([
      'slurm.options.MailProg = "/usr/bin/mail": slurm.mail says it',
      'slurm.options.maildomain = "example.org": slurm.mail says it',
    ]);
  });
});
