import type { Answer } from "../../../site/status/silence";
import type { SiteOutputs } from "../../../plan/outputs";

const address = "198.18.1.180";

/** A site of which nobody but the example tier's machine says anything. */
export const outputs: SiteOutputs = {
  addresses: { scratch: { scratch: address } },
  vips: { slurm: "198.18.1.100", web: "198.18.1.101", data: "198.18.1.102" },
  urls: {},
  services: {},
  webPool: { size: 2, min: 2, max: 10, drainSeconds: 30 },
  failoverPatience: 1,
  ssh: { user: "root", privateKeyFile: "key", knownHostsFile: "hosts" },
  inventoryFile: "inventory.yml",
  caFile: "ca.pem",
  portalUser: "admin",
};

/** What its machine says, with its unit in this state. */
export const answers = (unit: string): Answer[] => [
  {
    machine: { name: "scratch", tier: "scratch", address },
    text: `scratch.service loaded ${unit} running Scratch\n2: eth0 inet ${address}/24 scope global eth0\n`,
  },
];
