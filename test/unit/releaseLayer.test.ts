import * as fs from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { layerOf, makeLayer } from "../../releases/layer";
import { makeRelease } from "../../releases/make";
import { type Release, releaseDirectory, releaseId } from "../../releases/release";
import { treeHash } from "../../releases/tree";

const directory = fs.mkdtempSync(path.join(tmpdir(), "hpc-ha-layer-"));
const inside = (...parts: string[]) => path.join(directory, ...parts);
beforeAll(() => vi.stubEnv("HPC_HA_HOME", inside("home")));
afterAll(() => {
  vi.unstubAllEnvs();
  fs.rmSync(directory, { recursive: true });
});
const silent = () => undefined;

/** A release of one file. */
function release(text: string): Release {
  const source = inside("source", text);
  fs.mkdirSync(source, { recursive: true });
  fs.writeFileSync(path.join(source, "start"), text, { mode: 0o755 });
  const hash = treeHash(source);
  return { id: releaseId(hash, undefined), source: { path: source, hash } };
}
const layers = () => fs.readdirSync(inside("home", "images")).map((n) => inside("home/images", n));
const mode = (file: string) => (fs.statSync(file).mode & 0o7777).toString(8);

it("has each release where a node has it, for the services' group only", async () => {
  const both = [release("one"), release("two")];
  for (const one of both) await makeRelease(one, silent);
  const before = process.umask(0o077);
  const layer = await makeLayer(both, silent).finally(() => process.umask(before));
  expect(layer).toBe(layerOf(both.map(({ id }) => id).reverse()));
  for (const [i, { id }] of both.entries()) {
    const file = path.join(layer, releaseDirectory(id), "start");
    expect(fs.readFileSync(file, "utf8")).toBe(["one", "two"][i]);
    expect([mode(file), fs.statSync(file).gid]).toEqual(["750", 33]);
  }
  const open = ["/opt", path.dirname(releaseDirectory(both[0]?.id ?? ""))];
  expect(open.map((name) => mode(path.join(layer, name)))).toEqual(["755", "755"]);
  expect(mode(layer)).toBe("700");
  expect(layers()).toEqual([layer]);
});

it("is made once; one that was cut off is made anew", async () => {
  const it = [release("again")];
  const layer = layerOf(it.map(({ id }) => id));
  fs.mkdirSync(`${layer}.partial/opt/rest`, { recursive: true });
  await makeLayer(it, silent);
  expect(fs.readdirSync(path.join(layer, "opt"))).toEqual(["hpc-dashboard"]);
  const { ino } = fs.statSync(layer);
  await makeLayer(it, silent);
  expect(fs.statSync(layer).ino).toBe(ino);
});

it("stays for as long as a machine is made over it; of the others only the last ones", async () => {
  const first = await makeLayer([release("first")], silent);
  fs.mkdirSync(inside("home/sites/hpc-ha-lab/web1"), { recursive: true });
  fs.writeFileSync(inside("home/sites/hpc-ha-lab/web1/image"), `${first}:/images/rootfs-1`);
  const made = [];
  for (const [i, name] of ["a", "b", "c", "d", "e"].entries()) {
    const layer = await makeLayer([release(name)], silent);
    fs.utimesSync(layer, i + 1, i + 1);
    made.push(layer);
  }
  const last = await makeLayer([release("last")], silent);
  expect(layers()).toEqual(expect.arrayContaining([first, last, made[4]]));
  expect(layers()).not.toContain(made[0]);
  fs.rmSync(inside("home/sites"), { recursive: true });
  for (const old of [first, made[4]]) fs.utimesSync(old ?? "", 1, 1);
  await makeLayer([release("last")], silent);
  expect(layers()).toHaveLength(4);
});
