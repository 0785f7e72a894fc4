import { homedir } from "node:os";
import * as path from "node:path";

/** Where the project keeps what it builds: `HPC_HA_HOME`, default `~/.hpc-ha`. @throws when it cannot be used */
export function hpcHome(): string {
  const said = process.env["HPC_HA_HOME"] ?? "";
  const home = said === "" ? path.join(homedir(), ".hpc-ha") : said;
  // It gets into mount options, PATH, ssh's options and libvirt's XML, which take other characters for their own.
  if (!/^\/[\p{L}\p{N}._@+=/-]*$/u.test(home)) {
    throw new Error(
      `HPC_HA_HOME = "${home}": must be an absolute path of letters, digits and . _ - @ + = only; set it to another one`,
    );
  }
  return home;
}
