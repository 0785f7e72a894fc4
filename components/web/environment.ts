import type { ServiceConfig } from "./services";

/** What every service is told by the platform: where the stores are, and who is asked for. */
const PLATFORM = [
  ...["REDIS_HOST", "REDIS_PORT", "REDIS_PASSWORD", "REDIS_CA"],
  ...["DB_HOST", "DB_PORT", "DB_NAME", "DB_USER", "DB_PASSWORD", "DB_CA"],
  ...["PORTAL_ADMIN_USER", "PORTAL_ADMIN_PASSWORD"],
  ...["NODE_NAME", "SERVICE", "PORT", "BASE_PATH", "START"],
] as const;
/** Variables that a shell keeps for itself: they do not arrive. */
const SHELL = ["IFS", "LINENO", "OLDPWD", "OPTIND", "PPID", "PWD"];
/** The kernel's limit for one variable with its name (MAX_ARG_STRLEN), bytes. */
const LONGEST = 131_072;

/** The platform's variables of one service. The machine adds `NODE_NAME`. */
export type PlatformVariables = Record<Exclude<(typeof PLATFORM)[number], "NODE_NAME">, string>;

/** Variables that cannot be carried to the service, each with the reason. Values are not repeated: they may be secret. */
export function environmentFaults(environment: ServiceConfig["environment"]): string[] {
  return Object.entries(environment).flatMap(([name, value]) => {
    const reason = whyNot(name, value);
    return reason === undefined ? [] : [`${name}: ${reason}`];
  });
}

function whyNot(name: string, value: string): string | undefined {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
    return "must be a name of letters, digits and _ that does not begin with a digit";
  }
  if ((PLATFORM as readonly string[]).includes(name)) return "is set by the platform";
  if (SHELL.includes(name)) return "is the shell's own";
  if (value.includes("\0")) return "holds a NUL, which no environment can carry";
  if (/\p{Surrogate}/u.test(value)) return "is not valid Unicode";
  if (Buffer.byteLength(`${name}=${value}`) >= LONGEST) return "must be below 128 KiB";
  return undefined;
}

/**
 * Lines of a systemd EnvironmentFile that give each variable byte for byte: between double quotes everything is literal,
 * also a line break, but for four characters that need a backslash (systemd.exec(5)).
 */
export const environmentFile = (variables: Record<string, string>): string =>
  Object.entries(variables)
    .map(([name, value]) => `${name}="${value.replace(/[\\"`$]/g, "\\$&")}"\n`)
    .sort()
    .join("");
