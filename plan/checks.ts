import { parseCIDR } from "ipaddr.js";
import type { z } from "zod";
import { hostNumber, inSubnet } from "./addresses";
import { fileFaults, type Files } from "./files";
import { portFaults } from "./ports";
import type { SiteRecord } from "./record";
import { personal, privateKeyFaults } from "./sshKeys";
import { checkPlan, type House } from "./topology";

/** What a config is held against besides itself. */
export interface Around {
  files: Files;
  /** What there is of the site. Default: nothing. */
  before?: SiteRecord | undefined;
  /** Private ssh key where the config names none. Default: it is not looked at. */
  ownKeyFile?: string;
}

/** What these checks read of a config; what was not valid by itself is missing. Tiers and drivers read their own besides. */
type Checked = Partial<{
  cidr: string;
  addresses: Record<string, string>;
  libvirtUri: string;
  driver: string;
  members: Record<string, number>;
  ports: Record<string, number>;
  ssh: { privateKeyFile?: string | undefined; authorizedKeys?: string[] | undefined };
}>;

/** Rules that span keys; each looks only at keys that were valid by themselves. */
export function crossChecks(
  house: House,
  schema: Record<string, z.ZodType>,
  site: Checked,
  around: Around,
): string[] {
  const tiers = Object.values(house.tiers).flatMap(
    (tier) => tier.check?.(site, around.files) ?? [],
  );
  const drivers = Object.values(house.drivers).flatMap((driver) =>
    site.driver === undefined ? [] : driver.check(site.driver, site),
  );
  return [
    ...tiers,
    ...drivers,
    ...checkSubnet(house, schema, site, around.before),
    ...sshFaults(site.ssh, around),
  ];
}

/** Faults of the key that machines are reached with. */
function sshFaults(ssh: Checked["ssh"], { files, before, ownKeyFile }: Around): string[] {
  const file = ssh?.privateKeyFile ?? ownKeyFile;
  if (!ssh || file === undefined) return [];
  return fileFaults("ssh.privateKeyFile", personal(file), files, (text) => {
    let publicKey: string | undefined;
    try {
      publicKey = files.read(`${personal(file)}.pub`);
    } catch {
      // Its absence is a fault of the key.
    }
    const known = { listed: ssh.authorizedKeys, before: before?.keys ?? [] };
    return privateKeyFaults(text, personal(file), publicKey, known);
  });
}

/** Faults of the subnet, of all addresses in it, and of who is where. */
function checkSubnet(
  house: House,
  schema: Record<string, z.ZodType>,
  site: Checked,
  before: SiteRecord | undefined,
): string[] {
  const { cidr, driver, members, addresses = {}, libvirtUri } = site;
  if (cidr === undefined) return [];
  const prefix = parseCIDR(cidr)[1];
  if (prefix > 24 || hostNumber(cidr) !== 0) {
    return [`cidr = "${cidr}": must be a network address of /24 or larger`];
  }
  const outside = Object.entries(addresses).flatMap(([key, address]) =>
    inSubnet(address, cidr) ? [] : [`addresses.${key} = "${address}": must be inside ${cidr}`],
  );
  // What tiers and drivers plan with must have been valid by itself.
  if (driver === undefined || members === undefined || libvirtUri === undefined) return outside;
  if (!plannable(schema, site)) return outside;
  const config = { ...site, cidr, driver, members, addresses };
  return [
    ...outside,
    ...(site.ports ? portFaults(house, { ...config, ports: site.ports }) : []),
    ...checkPlan(house, config, before),
  ];
}

/** Whether every key of tiers and drivers is there that the schema fills in: else it was not valid by itself. */
const plannable = (schema: Record<string, z.ZodType>, site: object): boolean =>
  Object.entries(schema).every(([key, type]) => key in site || !type.safeParse(undefined).success);
