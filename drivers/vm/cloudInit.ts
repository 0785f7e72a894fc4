import { createHash } from "node:crypto";
import * as yaml from "js-yaml";
import type { Seed } from "../../programs/seed";

/** Who a machine is, as its first boot learns it. */
export interface Identity {
  hostname: string;
  mac: string;
  address: string;
  prefixLength: number;
  gateway: string;
  nameservers: string[];
  /** Name that the network interface gets. */
  interface: string;
  /** Public ssh host key. */
  hostKey: string;
}

/**
 * Names an identity. cloud-init takes a machine that was given another one for a new instance: it sets addresses
 * and keys again, on the same disk.
 */
export const instanceId = (identity: Identity): string =>
  `${identity.hostname}-${createHash("sha256").update(JSON.stringify(identity)).digest("hex").slice(0, 12)}`;

/**
 * The seed of a machine. Its host key is the only secret in it: the rest comes over ssh.
 * @param authorizedKeys public keys that may log in as root at first; later role base sees to them, so that a new person is
 * no new identity
 */
export function renderSeed(
  identity: Identity,
  privateHostKey: string,
  authorizedKeys: string[],
): Seed {
  const { hostname, address, mac, gateway, nameservers } = identity;
  return {
    userData: `#cloud-config\n${yaml.dump(
      {
        hostname,
        preserve_hostname: false,
        // Needs the package "locales", which machines have no use for: without this the first boot counts as failed.
        locale: false,
        // The address, not 127.0.1.1: Slurm and Galera tell others what their own name stands for.
        manage_etc_hosts: false,
        write_files: [
          { path: "/etc/hosts", content: `127.0.0.1 localhost\n${address} ${hostname}\n` },
        ],
        users: [{ name: "root", ssh_authorized_keys: authorizedKeys }],
        disable_root: false,
        ssh_pwauth: false,
        ssh_deletekeys: true,
        ssh_keys: { ed25519_private: privateHostKey, ed25519_public: identity.hostKey },
      },
      { lineWidth: -1 },
    )}`,
    metaData: yaml.dump({ "instance-id": instanceId(identity), "local-hostname": hostname }),
    networkConfig: yaml.dump({
      version: 2,
      ethernets: {
        site: {
          match: { macaddress: mac },
          "set-name": identity.interface,
          dhcp4: false,
          addresses: [`${address}/${identity.prefixLength}`],
          routes: [{ to: "0.0.0.0/0", via: gateway }],
          ...(nameservers.length > 0 ? { nameservers: { addresses: nameservers } } : {}),
        },
      },
    }),
  };
}
