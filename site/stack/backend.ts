import { createHash } from "node:crypto";
import * as fs from "node:fs";
import { homedir } from "node:os";
import * as path from "node:path";
import { projectRoot } from "../../lib/project";
import { isPlainName, outputsIn, outputsOfOne, selectedIn } from "./checkpoint";

/**
 * Pulumi's state where it is a directory on this machine: read without a start of the CLI, which takes 0.15 s and more.
 * Undefined means that the CLI has to be asked, for whatever reason.
 */

/** As in Pulumi.yaml. */
export const PROJECT = "hpc-ha";

type Environment = Record<string, string | undefined>;

/** The directory of the state; undefined for every other backend, and for addresses that need an interpretation. */
export function stateDirectory(env: Environment = process.env): string | undefined {
  const plain = /^file:\/\/(\/[^?#%]*)$/.exec(env["PULUMI_BACKEND_URL"] ?? "");
  return plain?.[1] === undefined ? undefined : path.join(plain[1], ".pulumi");
}

/** Where Pulumi keeps the locks of a stack. */
export function lockDirectory(stack: string, env?: Environment): string | undefined {
  const state = stateDirectory(env);
  return state && path.join(state, "locks", "organization", PROJECT, stack);
}

/** The outputs of a stack without its secrets. */
export function storedOutputs(
  stack: string,
  env?: Environment,
): Record<string, unknown> | undefined {
  const file = checkpoint(stack, env);
  const text = file && read(file);
  return text === undefined ? undefined : outputsIn(text, stack);
}

/** What a resource of a type gave back, of which a stack has one; secrets in it are encrypted. */
export function storedResource(
  stack: string,
  type: string,
  env?: Environment,
): Record<string, unknown> | undefined {
  const file = checkpoint(stack, env);
  const text = file && read(file);
  return text === undefined ? undefined : outputsOfOne(text, stack, type);
}

/** The stack that was selected for this clone, if there is one with state. */
export function storedSelection(env: Environment = process.env): string | undefined {
  const backend = env["PULUMI_BACKEND_URL"];
  if (backend === undefined || env["PULUMI_STACK"] !== undefined) return;
  // Pulumi's own naming: the project, and the SHA-1 of its file's path.
  const hash = createHash("sha1").update(path.join(projectRoot, "Pulumi.yaml")).digest("hex");
  const home = env["PULUMI_HOME"] ?? path.join(homedir(), ".pulumi");
  const text = read(path.join(home, "workspaces", `${PROJECT}-${hash}-workspace.json`));
  const name = text === undefined ? undefined : selectedIn(text, backend, PROJECT);
  return name !== undefined && checkpoint(name, env) !== undefined ? name : undefined;
}

/** The file of a stack's state, if there is exactly one. */
function checkpoint(stack: string, env?: Environment): string | undefined {
  const state = stateDirectory(env);
  if (state === undefined || !isPlainName(stack)) return;
  const file = path.join(state, "stacks", PROJECT, `${stack}.json`);
  // With a compressed one beside it only Pulumi knows which is in use.
  return fs.existsSync(file) && !fs.existsSync(`${file}.gz`) ? file : undefined;
}

function read(file: string): string | undefined {
  try {
    return fs.readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}
