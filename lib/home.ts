import { homedir } from "node:os";
import * as path from "node:path";

/** Where the project keeps what it builds: `HPC_HA_HOME`, default `~/.hpc-ha`. */
export const hpcHome = (): string => process.env["HPC_HA_HOME"] ?? path.join(homedir(), ".hpc-ha");
