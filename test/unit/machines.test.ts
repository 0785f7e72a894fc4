import { afterAll, afterEach, describe, expect, it } from "vitest";
import { Machines } from "../../lib/machines";
import { Commands } from "../support/program";

/** An ssh that says what it was told, or takes its time. */
const commands = new Commands();
afterAll(commands.remove);
const path = process.env["PATH"];
afterEach(() => {
  process.env["PATH"] = path;
});
const having = (ssh: string) => {
  commands.set("ssh", ssh);
  process.env["PATH"] = `${commands.path("bin")}:${path}`;
};
const access = { user: "root", privateKeyFile: "/key", knownHostsFile: "/known" };
const machines = (patience?: number) =>
  new Machines([{ name: "web1", tier: "web", address: "10.0.0.5" }], access, {}, patience);

describe("how long a machine may take to answer", () => {
  it("is as many times longer as the site's patience says", async () => {
    having('printf "%s\\n" "$@"');
    expect(await machines().run("web1", "true")).toContain("ConnectTimeout=5\n");
    expect(await machines(8).run("web1", "true")).toContain("ConnectTimeout=40\n");
    expect(await machines(1.5).run("web1", "true")).toContain("ConnectTimeout=8\n");
  });

  it("ends: who asks is told that there is no answer, who acts is told why", async () => {
    having("exec sleep 10");
    expect(await machines(8).ask("web1", "true", 0.1)).toBeUndefined();
    await expect(machines(8).run("web1", "true", 0.1)).rejects.toThrow(
      "web1: not done after 0.1 s",
    );
    having("echo 'Connection timed out' >&2; exit 255");
    await expect(machines().run("web1", "true")).rejects.toThrow(
      "web1: does not answer (Connection timed out)",
    );
  });
});
