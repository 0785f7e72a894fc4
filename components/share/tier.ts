import { tcp } from "../../plan/rule";
import { NO_KEYS } from "../../plan/tier";
import type { Tier } from "../tier";

/** NFSv4's one port, which clients use without being told. */
const NFS_PORT = 2049;

/** The machine that serves the controllers' state; none where they share a directory of their host. */
export const share: Tier<typeof NO_KEYS> = {
  keys: NO_KEYS,
  naming: { name: "nfs-srv", single: true, firstHost: 12, firstHypervisor: 7 },
  size: { vcpus: 4, memoryMiB: 16384, dataGiB: 100 },
  count: (_config, needsShareMachine) => (needsShareMachine ? 1 : 0),
  keeps: { addresses: true },
  letsIn: ({ of }) => [tcp("NFS", NFS_PORT, of("controllers"))],
  packages: ["nfs-kernel-server"],
  units: () => ["nfs-server"],
};
