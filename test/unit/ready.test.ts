import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { becomeReady, type ReadyRequest } from "../../programs/ready";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), "hpc-ha-unit-"));
  vi.stubEnv("PATH", `${dir}:${process.env["PATH"]}`);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(dir, { recursive: true });
});

/** An ssh that ends with these codes one after the other, the last one for ever. */
function sshThatEnds(...codes: number[]): void {
  writeFileSync(path.join(dir, "codes"), codes.join("\n") + "\n");
  writeFileSync(path.join(dir, "calls"), "");
  const script = `#!/bin/sh
cat >/dev/null
echo called >>${dir}/calls
code=$(sed -n "$(wc -l <${dir}/calls)p" ${dir}/codes)
echo "ssh says \${code:-${codes.at(-1)}}" >&2
exit "\${code:-${codes.at(-1)}}"
`;
  writeFileSync(path.join(dir, "ssh"), script);
  chmodSync(path.join(dir, "ssh"), 0o755);
}
const calls = () => readFileSync(path.join(dir, "calls"), "utf8").split("\n").length - 1;

const request = (bootSeconds: number): ReadyRequest => ({
  name: "web1",
  address: "192.0.2.1",
  knownHosts: "",
  sshKeyFile: "/dev/null",
  bootSeconds,
});

it("waits through a boot, and through a machine that is slow to let in again after it", async () => {
  sshThatEnds(255, 255, 0, 255, 0);
  expect(await becomeReady(request(30))).toMatch(/^ssh after [\d.]+ s, ready [\d.]+ s later$/);
  expect(calls()).toBe(5);
});

it("gives up on a machine that never answers, after the time it has", async () => {
  sshThatEnds(255);
  await expect(becomeReady(request(1))).rejects.toThrow(
    /^not within 1 s: web1 \(192\.0\.2\.1\) answers on ssh.*ssh says 255/,
  );
});

it("does not repeat what failed on the machine itself", async () => {
  sshThatEnds(0, 1);
  await expect(becomeReady(request(30))).rejects.toThrow("web1 (192.0.2.1): ssh says 1");
  expect(calls()).toBe(2);
});
