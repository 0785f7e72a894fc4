import { existsSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import type { GateRequest } from "../../programs/gate";
import { Commands } from "../support/program";

const commands = new Commands();
let server: Server;
let status = 200;
beforeAll(async () => {
  commands.set("ssh", `cat >/dev/null; echo "$*" >>${commands.path("ssh")}`);
  commands.set(
    "ansible-playbook",
    `touch ${commands.path("played")}; exit "$(cat ${commands.path("code")})"`,
  );
  server = createServer((_, answer) => answer.writeHead(status).end());
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
});
afterAll(() => {
  server.close();
  commands.remove();
});
beforeEach(() => {
  rmSync(commands.path("played"), { force: true });
  status = 200;
});

/** Passes a gate after a last run that said `previous`. */
async function pass(previous: string | undefined, playbookEnds = 0) {
  writeFileSync(commands.path("code"), `${playbookEnds}\n`);
  const request: GateRequest = {
    incarnation: "b",
    ready: {
      name: "web1",
      address: "192.0.2.1",
      knownHosts: "",
      sshKeyFile: "/dev/null",
      bootSeconds: 5,
    },
    run: {
      playbook: "web.yml",
      inventory: "",
      vars: {},
      knownHosts: "",
      sshKeyFile: "/dev/null",
      sources: "",
      incarnations: [],
    },
    probes: [`http://127.0.0.1:${(server.address() as AddressInfo).port}/health`],
    seconds: 1,
  };
  const { exitCode, stdout, stderr } = await commands.run("gate", request, {
    PULUMI_COMMAND_STDOUT: previous,
  });
  return { exitCode, stdout, stderr, played: existsSync(commands.path("played")) };
}

it.each([
  ["a new machine", undefined],
  ["one that is the same", "b\n"],
])("does nothing for %s", async (_, previous) => {
  status = 500;
  expect(await pass(previous)).toMatchObject({ exitCode: 0, stdout: "b", played: false });
});

it("makes a machine that was made anew part of its set, and passes when it is healthy", async () => {
  expect(await pass("a\n")).toMatchObject({ exitCode: 0, stdout: "b", played: true });
});

it("does not pass, nor take note of the machine, when the set does not become whole", async () => {
  const failed = await pass("a\n", 2);
  expect(failed).toMatchObject({ exitCode: 1, stdout: "", played: true });
  expect(failed.stderr).toContain("no other member was touched");
  status = 500;
  const sick = await pass("a\n");
  expect(sick).toMatchObject({ exitCode: 1, stdout: "", played: true });
  expect(sick.stderr).toMatch(/not within 1 s: http\S+\/health is healthy/);
});
