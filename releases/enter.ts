import { execFileSync, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { z } from "zod";
import { program } from "../lib/program";
import { addSettings, buildVariables } from "./hostSettings";

const enterSchema = z.strictObject({
  /** Where the tree is while it is built. */
  directory: z.string().startsWith("/"),
  /** Directory with the source, and then with what was made of it. */
  tree: z.string().startsWith("/"),
  /** Directory on the same file system for what the build writes elsewhere, which is thrown away. */
  work: z.string().startsWith("/"),
  /** Shell command. */
  build: z.string(),
  /** Root file system; it is not changed. */
  environment: z.string().startsWith("/"),
});
export type EnterRequest = z.infer<typeof enterSchema>;

/** Whom a build runs as: nobody of this machine or of the environment. */
const BUILDER = 64_873;
const HOME = "/home/build";
const DEVICES = ["null", "zero", "full", "random", "urandom", "tty"];

/** Runs in a mount and process namespace of its own, with which all that it mounts and starts goes. @returns exit code */
function enter({ directory, tree, work, build, environment }: EnterRequest): number {
  const root = path.join(work, "root");
  for (const name of ["root", "upper", "overlay"]) fs.mkdirSync(path.join(work, name));
  // The root directory of the environment has the mode of its upper layer.
  fs.chmodSync(path.join(work, "upper"), 0o755);
  const layers = `lowerdir=${environment},upperdir=${work}/upper,workdir=${work}/overlay`;
  mount("-t", "overlay", "-o", layers, "overlay", root);
  mount("-t", "proc", "proc", path.join(root, "proc"));
  devices(path.join(root, "dev"));
  addSettings(root, HOME);
  fs.appendFileSync(
    path.join(root, "etc/passwd"),
    `build:x:${BUILDER}:${BUILDER}::${HOME}:/bin/sh\n`,
  );
  fs.appendFileSync(path.join(root, "etc/group"), `build:x:${BUILDER}:\n`);

  fs.mkdirSync(path.join(root, directory), { recursive: true });
  for (const owned of [tree, path.join(root, HOME)]) {
    execFileSync("chown", ["-hR", `${BUILDER}:${BUILDER}`, owned]);
  }
  mount("--bind", tree, path.join(root, directory));
  // What is built is code of others: it gets no rights over this machine.
  const user = [`--reuid=${BUILDER}`, `--regid=${BUILDER}`, "--clear-groups"];
  const less = ["--inh-caps=-all", "--bounding-set=-all", "--no-new-privs"];
  const { status, error } = spawnSync(
    "chroot",
    [
      ...[root, "setpriv", ...user, ...less],
      ...["env", `--chdir=${directory}`, "/bin/sh", "-c", build],
    ],
    { stdio: ["ignore", "inherit", "inherit"], env: buildVariables(process.env, HOME) },
  );
  if (error) throw error;
  return status ?? 1;
}

const mount = (...args: string[]) => execFileSync("mount", args, { stdio: "pipe" });

/** The few devices that programs expect, none of which is a part of this machine. */
function devices(directory: string): void {
  mount("-t", "tmpfs", "-o", "mode=755", "tmpfs", directory);
  for (const name of DEVICES) {
    fs.writeFileSync(path.join(directory, name), "");
    mount("--bind", `/dev/${name}`, path.join(directory, name));
  }
  fs.mkdirSync(path.join(directory, "shm"));
  fs.chmodSync(path.join(directory, "shm"), 0o1777);
  fs.symlinkSync("/proc/self/fd", path.join(directory, "fd"));
  ["stdin", "stdout", "stderr"].forEach((name, i) =>
    fs.symlinkSync(`/proc/self/fd/${i}`, path.join(directory, name)),
  );
}

if (require.main === module) program(enterSchema, (request) => Promise.resolve(enter(request)));
