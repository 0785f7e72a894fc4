import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import execa from "execa";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { projectRoot } from "../../lib/project";
import { Commands } from "../support/program";

/** The keeper of the membership, with its files in a directory of the test's. */
const commands = new Commands();
afterAll(commands.remove);
const state = commands.path("lib", "server-state");
const configuration = commands.path("haproxy.cfg");
const template = path.join(projectRoot, "ansible/roles/entry/templates/haproxy-state.sh.j2");
const script = commands.path("haproxy-state");

const HEADER = "1\n# be_id be_name srv_id srv_name srv_addr\n";
/** A state with two web nodes whose slots are called so, and the time of the change in its last byte. */
const saying = (slots: string, time: number) =>
  `${HEADER}5 app 1 ${slots}1 10.0.0.1 2\n5 app 10 ${slots}10 10.0.0.2 2\n` +
  `9 redis 1 redis1 10.0.0.9 2\n14 membership 1 generation 0.0.0.${time} 0\n`;

mkdirSync(path.dirname(state));
writeFileSync(
  script,
  readFileSync(template, "utf8")
    .replace(/peers=\(.*\)/, "peers=(10.0.0.4)")
    .replace("{{ entry_peer_port }}", "8405")
    .replaceAll(/\{\{ ([\d.]+) \* entry_patience \}\}/g, "$1")
    .replaceAll("/var/lib/haproxy/server-state", state)
    .replaceAll("/etc/haproxy/haproxy.cfg", configuration),
);
chmodSync(script, 0o755);
commands.set(
  "socat",
  `for address; do :; done
case "$address" in TCP:10.0.0.4:8405,*) cat ${commands.path("peer")} ;; *) cat ${commands.path("own")} ;; esac
`,
);
const run = (word: string) =>
  execa(script, [word], { env: { PATH: `${commands.path("bin")}:${process.env["PATH"]}` } });
const configured = (slots: string) =>
  writeFileSync(configuration, `backend app\n    server ${slots}1 slot.invalid:80\n`);

beforeEach(() => {
  writeFileSync(state, saying("web", 5));
  for (const who of ["own", "peer"]) writeFileSync(commands.path(who), saying("web", 5));
});

it.each(["web", "slot"])(
  "saves the membership with the names of a configuration that calls its slots %s1",
  async (slots) => {
    configured(slots);
    for (const running of ["web", "slot"]) {
      writeFileSync(commands.path("own"), saying(running, 6));
      await run("save");
      expect([running, readFileSync(state, "utf8")]).toEqual([running, saying(slots, 6)]);
    }
  },
);

it("starts with its own file under these names: a machine may die between its new files and the reload", async () => {
  configured("slot");
  await run("take");
  expect(readFileSync(state, "utf8")).toBe(saying("slot", 5));
});

it("has an empty state at the very first start", async () => {
  rmSync(state);
  writeFileSync(commands.path("peer"), "");
  await run("take");
  expect(readFileSync(state, "utf8")).toBe("1\n");
});

it("takes a peer's newer membership with these names, too", async () => {
  configured("slot");
  writeFileSync(commands.path("peer"), saying("web", 7));
  await run("take");
  expect(readFileSync(state, "utf8")).toBe(saying("slot", 7));
});

it("keeps its own when the peer's is no newer", async () => {
  configured("web");
  await run("take");
  expect(readFileSync(state, "utf8")).toBe(saying("web", 5));
});

describe("a backend of which the state says nothing", () => {
  const header = "1\n# be_id be_name srv_id srv_name srv_addr srv_op_state srv_port\n";
  const clock = "14 membership 1 generation 0.0.0.5 0 0\n";
  const known =
    "5 app 1 slot1 10.0.0.1 2 80\n5 app 2 slot2 10.0.0.2 2 80\n5 app 3 slot3 0.0.0.0 0 80\n";
  const section = (name: string, port: number) =>
    `backend ${name}\n    server slot1 slot.invalid:${port} check\n    server slot2 slot.invalid:${port} check\n`;
  const taken = async (...sections: string[]) => {
    writeFileSync(configuration, sections.join(""));
    writeFileSync(state, `${header}${known}${clock}`);
    writeFileSync(commands.path("peer"), "");
    await run("take");
    return readFileSync(state, "utf8").replace(`${header}${known}${clock}`, "");
  };

  it("goes on with the members of the one on its port: the service has another name", async () => {
    expect(await taken(section("other", 80))).toBe(known.replaceAll("app", "other"));
  });

  it("has the same members, once they have answered: the service is new", async () => {
    expect(await taken(section("app", 80), section("more", 81))).toBe(
      "5 more 1 slot1 10.0.0.1 0 81\n5 more 2 slot2 10.0.0.2 0 81\n5 more 3 slot3 0.0.0.0 0 81\n",
    );
  });

  it("is none where the state has them all", async () => {
    expect(await taken(section("app", 80))).toBe("");
  });
});
