/** Mails of jobs come to the site's mail server, whatever becomes of it or of a controller meanwhile. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { gateway } from "../../../plan/addresses";
import type { StackOutputs } from "../../../site/stack";
import { Cluster } from "../../faults/cluster";
import { hpc } from "../../support/hpc";
import { MailServer } from "../../support/mailServer";
import { ask, baseConfig, baseState, configure, eventually, stack } from "../../support/site";

const server = new MailServer(gateway(baseConfig()["cidr"] as string), {
  disabledCommands: ["STARTTLS"],
});
let outputs: StackOutputs;
const said = (machine: string, command: string) =>
  ask(outputs, machine, command).then((r) => r.stdout.trim());
/** The server is asked again a minute after it has taken none. */
const SENT = 90;

/** @returns the job's id */
const submit = (...options: string[]) =>
  said("client", `sbatch --parsable --output=/dev/null ${options.join(" ")} --wrap true`);
const subjects = () => server.got.map(({ to, subject }) => `${to}: ${subject}`);
const arrives = (start: string) =>
  eventually(start, SENT, () =>
    Promise.resolve(subjects().some((subject) => subject.startsWith(start))),
  );

beforeAll(async () => {
  outputs = await baseState();
  await server.start();
  const slurm = {
    ...(baseConfig()["slurm"] as object),
    mail: {
      host: gateway(baseConfig()["cidr"] as string),
      port: server.port,
      tls: false,
      from: "slurm@example.org",
    },
  };
  configure({ slurm });
  await stack.run("up");
});
afterAll(async () => {
  await server.stop();
  await baseState();
});

it("comes to who is named, else to the user at the site's domain", async () => {
  const named = await submit("--mail-type=END", "--mail-user=ann@example.com", "--job-name=named");
  await arrives(`ann@example.com: Slurm Job_id=${named} Name=named Ended`);
  const mail = server.got.find(({ to }) => to === "ann@example.com");
  expect(mail?.from).toBe("slurm@example.org");
  expect(mail?.text).toContain(`Job: ${named}\nName: named\nUser: root\n`);
  const own = await submit("--mail-type=BEGIN,END");
  await arrives(`root@example.org: Slurm Job_id=${own} Name=wrap Began`);
  await arrives(`root@example.org: Slurm Job_id=${own} Name=wrap Ended`);
  // Each once.
  expect(new Set(subjects()).size).toBe(subjects().length);
});

it("waits for a server that is away, and is sent by the other controller then", async () => {
  await server.stop();
  const job = await submit("--mail-type=END");
  const cluster = new Cluster(outputs);
  const waits = async () =>
    (await said(await cluster.holder("slurm"), "ls /mnt/slurm/mail | wc -l")) === "1";
  await eventually("the mail waits on the share", 30, waits);
  const { code } = await hpc("switchover", "controllers");
  expect(code).toBe(0);
  await server.start();
  await arrives(`root@example.org: Slurm Job_id=${job} Name=wrap Ended`);
  expect(await said(await cluster.holder("slurm"), "ls /mnt/slurm/mail | wc -l")).toBe("0");
});

it("a mail server that leaves the config leaves nothing behind", async () => {
  configure();
  await stack.run("up");
  const look =
    "systemctl is-enabled slurm-mail; systemctl is-active slurm-mail; " +
    "grep -c MailProg=/bin/true /etc/slurm/slurm.conf; ls /etc/slurm | grep -c mail";
  for (const machine of ["slurm-m1", "slurm-m2"]) {
    const { stdout } = await ask(outputs, machine, look, { reject: false });
    expect(stdout).toBe("disabled\ninactive\n1\n0");
  }
});
