/**
 * What Pulumi keeps in a local state directory, as far as it is read here. Pure: text in, values out; undefined for
 * everything that is not quite as expected, and then Pulumi itself is asked.
 */

/** The only version of the checkpoint that is known here. */
const VERSION = 3;
/** Pulumi's mark in an object that stands for something else: a secret, an asset, another resource. */
const SPECIAL = "4dabf18193072939515e22adb298388d";
/** The value of the mark for a secret. */
const SECRET = "1b47061264138c4ac30d75fd1eb44270";

type Values = Record<string, unknown>;

const isObject = (value: unknown): value is Values => typeof value === "object" && value !== null;

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * The outputs of a stack without its secrets, which are encrypted and left out.
 * @param text the checkpoint
 * @param stack name without organisation and project
 */
export function outputsIn(text: string, stack: string): Values | undefined {
  const outputs = outputsOfOne(text, stack, "pulumi:pulumi:Stack");
  if (outputs === undefined) return;
  const open = Object.entries(outputs).filter(([, value]) => !isSecret(value));
  return open.some(([, value]) => holdsSpecial(value)) ? undefined : Object.fromEntries(open);
}

/**
 * The outputs of the one resource of a type, as they are.
 * @param text the checkpoint
 * @param stack name without organisation and project
 */
export function outputsOfOne(text: string, stack: string, type: string): Values | undefined {
  const state = parsed(text);
  if (!isObject(state) || state["version"] !== VERSION || !isObject(state["checkpoint"])) return;
  const { latest } = state["checkpoint"];
  if (!isObject(latest) || !Array.isArray(latest["resources"])) return;
  const [found, ...others] = latest["resources"].filter(
    (r): r is Values => isObject(r) && r["type"] === type && r["delete"] !== true,
  );
  if (found === undefined || others.length > 0) return;
  if (!String(found["urn"]).startsWith(`urn:pulumi:${stack}::`)) return;
  return isObject(found["outputs"]) ? found["outputs"] : undefined;
}

/**
 * The stack that `pulumi stack select` chose.
 * @param text Pulumi's file for the clone
 * @param backend URL of the state, as in PULUMI_BACKEND_URL
 * @returns name without organisation and project
 */
export function selectedIn(text: string, backend: string, project: string): string | undefined {
  const workspace = parsed(text);
  if (!isObject(workspace) || !isObject(workspace["stacks"])) return;
  const selected = workspace["stacks"][backend];
  if (typeof selected !== "string") return;
  const prefix = `organization/${project}/`;
  const name = selected.slice(prefix.length);
  return selected.startsWith(prefix) && isPlainName(name) ? name : undefined;
}

/** A name that is also that of the stack's file; not `organisation/project/name`, nor a path. */
export const isPlainName = (name: string): boolean => /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/.test(name);

const isSecret = (value: unknown) => isObject(value) && value[SPECIAL] === SECRET;

const holdsSpecial = (value: unknown): boolean =>
  isObject(value) && (SPECIAL in value || Object.values(value).some(holdsSpecial));
