import { z } from "zod";
import { directoryFaults, fileFaults, type Files } from "../../plan/files";
import { repositorySchema } from "../../releases/release";

/** Where a service comes from. */
export const sourceSchema = z.union(
  [
    /** A directory of the management machine, which arrives as it is. Relative paths are the project's. */
    z.strictObject({ path: z.string().min(1) }),
    /** A git repository at a branch, a tag or a commit (by its full name). */
    repositorySchema.extend({ version: z.string().min(1) }),
  ],
  "must be { path }, or { git, version } with keyFile or tokenFile where the repository is private",
);
export type Source = z.infer<typeof sourceSchema>;

const SSH = /^(ssh:\/\/|[\w.-]+@[\w.-]+:)/;
const TOKEN = /^https:\/\//;
const OTHER = /^(http|git|file):\/\//;

/** @param key of the config, such as services.0.source */
export function sourceFaults(key: string, source: Source, files: Files): string[] {
  if ("path" in source) return directoryFaults(`${key}.path`, source.path, files);
  const { git, version, keyFile, tokenFile } = source;
  // Not said again: it would be a secret in everybody's terminal.
  if (/^\w+:\/\/[^/@]*:[^/@]*@/.test(git)) {
    return [`${key}.git: must hold no password: put it into a file, and its name into tokenFile`];
  }
  const faults: string[] = [];
  const fault = (part: string, value: string, text: string) =>
    faults.push(`${key}.${part} = ${JSON.stringify(value)}: ${text}`);
  if (!(SSH.test(git) || TOKEN.test(git) || OTHER.test(git)) || /[\s\0]/.test(git)) {
    fault("git", git, "must be https://…, ssh://…, user@host:path or file:///…");
  }
  if (!/^\w[\w./+@-]*$/.test(version)) {
    fault("version", version, "must be the name of a branch or tag, or a commit");
  }
  if (keyFile !== undefined && !SSH.test(git)) fault("keyFile", keyFile, "is for ssh only");
  if (tokenFile !== undefined && !TOKEN.test(git))
    fault("tokenFile", tokenFile, "is for https only");
  return [
    ...faults,
    ...fileFaults(`${key}.keyFile`, keyFile, files, (text) =>
      /^-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text) ? [] : ["is no private key"],
    ),
    ...fileFaults(`${key}.tokenFile`, tokenFile, files, (text) =>
      /^\S+\n?$/.test(text) ? [] : ["must hold the token alone, on one line"],
    ),
  ];
}
