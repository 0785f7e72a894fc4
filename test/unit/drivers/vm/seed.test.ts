/** What a VM learns of itself at its first boot, and its host key. */
import execa from "execa";
import * as yaml from "js-yaml";
import { beforeAll, describe, expect, it } from "vitest";
import { instanceId, type Identity, renderSeed } from "../../../../drivers/vm/cloudInit";
import { driven, vms } from "../../../support/drivers";
import type { Registration } from "../../../support/mocked";
import { find, isSecret, plain, request, temporaryHome } from "../../../support/referenceSite";

const home = temporaryHome();
let made: Registration[];
beforeAll(async () => {
  ({ made } = await vms(home, ["login"]));
});
const KEYS = ["ssh-ed25519 AAAA", "ssh-rsa BBBB"];
const identity: Identity = {
  hostname: "web1",
  mac: "52:54:00:a8:01:15",
  address: "192.168.1.21",
  prefixLength: 24,
  gateway: "192.168.1.1",
  nameservers: [],
  interface: "eth0",
  hostKey: "ssh-ed25519 BBBB web1",
};

describe("a seed", () => {
  const { userData, metaData, networkConfig } = renderSeed(identity, "PRIVATE\nKEY\n", KEYS);

  it("fixes address, root's key and the host key before the first boot", () => {
    expect(userData.startsWith("#cloud-config\n")).toBe(true);
    expect(yaml.load(userData)).toMatchObject({
      hostname: "web1",
      ssh_pwauth: false,
      users: [{ name: "root", ssh_authorized_keys: KEYS }],
      ssh_keys: { ed25519_private: "PRIVATE\nKEY\n", ed25519_public: identity.hostKey },
    });
    expect(yaml.load(networkConfig)).toEqual({
      version: 2,
      ethernets: {
        site: {
          match: { macaddress: identity.mac },
          "set-name": "eth0",
          dhcp4: false,
          addresses: ["192.168.1.21/24"],
          routes: [{ to: "0.0.0.0/0", via: "192.168.1.1" }],
        },
      },
    });
    expect(yaml.load(metaData)).toEqual({
      "instance-id": instanceId(identity),
      "local-hostname": "web1",
    });
  });

  it("names the name servers where there are any", () => {
    const known = renderSeed({ ...identity, nameservers: ["192.168.1.1"] }, "", KEYS);
    expect(yaml.load(known.networkConfig)).toMatchObject({
      ethernets: { site: { nameservers: { addresses: ["192.168.1.1"] } } },
    });
  });

  it("asks for nothing that needs a package which a machine does not have", () => {
    expect(yaml.load(userData)).toMatchObject({ locale: false });
  });

  it("makes another instance of a machine that gets another address", () => {
    expect(instanceId({ ...identity })).toBe(instanceId(identity));
    expect(instanceId({ ...identity, address: "192.168.1.22" })).not.toBe(instanceId(identity));
  });
});

describe("the seed of a VM", () => {
  it("is of the planned machine", () => {
    const planned: Identity = {
      hostname: "client",
      mac: "52:54:00:a8:01:be",
      address: "192.168.1.190",
      prefixLength: 24,
      gateway: "192.168.1.1",
      nameservers: ["192.168.1.1"],
      interface: "eth0",
      hostKey: "ssh-ed25519 AAAA login-client-hostkey-pair",
    };
    expect(request(made, "login-client-seed")).toEqual({
      ...renderSeed(planned, "-----PRIVATE-----\n", ["ssh-ed25519 AAAA"]),
      file: `${home}/sites/hpc-ha-prod/client-seed.qcow2`,
    });
    expect(find(made, "hpc-ha-prod-client-seed").replacementTrigger).toBe(instanceId(planned));
  });

  it("has the keys of now for a first boot, and is no other for them while the machine's disk is", async () => {
    const keys = ["ssh-ed25519 CCCC", "ssh-ed25519 DDDD"];
    const { made: later } = await driven("prod", home, ["login"], {}, undefined, keys);
    const { userData } = request(later, "login-client-seed") as { userData: string };
    expect(yaml.load(userData)).toMatchObject({
      users: [{ name: "root", ssh_authorized_keys: keys }],
    });
    const [before, after] = [made, later].map((all) => find(all, "hpc-ha-prod-client-seed"));
    expect(after).toEqual(before);
    expect(after).toMatchObject({
      ignoreChanges: ["source"],
      replaceWith: ["hpc-ha-prod-client-root"],
    });
    const [was, is] = [made, later].map((all) => find(all, "login-client-domain"));
    expect(is).toEqual(was);
  });

  it("says nothing of time servers: whom to ask is no reason for a power cycle", async () => {
    const trigger = async (network: object) => {
      const { made: all, driver } = await vms(home, ["login"], { network });
      const { nameservers, timeServers, packages } = driver.base;
      expect(packages).toEqual(["nftables"]);
      return [nameservers, timeServers, find(all, "hpc-ha-prod-client-seed").replacementTrigger];
    };
    const [names, times, now] = await trigger({ bridge: "br0", timeServers: ["192.168.1.2"] });
    expect([names, times]).toEqual([[], ["192.168.1.2"]]);
    expect(await trigger({ bridge: "br0" })).toEqual([[], [], now]);
  });

  it("has no secret that is readable in the state, and no other than the host key", () => {
    const stdin = find(made, "login-client-seed").inputs["stdin"];
    expect(isSecret(stdin)).toBe(true);
    expect(plain(stdin)).not.toContain("secret-");
    for (const { name, inputs } of made) {
      const readable = JSON.stringify(inputs, (_, value: unknown) => (isSecret(value) ? 0 : value));
      expect([name, readable.includes("PRIVATE")]).toEqual([name, false]);
    }
  });
});

describe("a host key", () => {
  it("is made once, whatever later versions do, and secret but for its public part", () => {
    expect(find(made, "login-client-hostkey-pair")).toMatchObject({
      parent: "login-client-hostkey",
      ignoreChanges: ["create"],
      secretOutputs: ["stdout"],
      inputs: { environment: { NAME: "client" }, logging: "none", addPreviousOutputInEnv: false },
    });
  });

  it("is a pair that fits, the public part last and named after the machine", async () => {
    const { create } = find(made, "login-client-hostkey-pair").inputs as { create: string };
    const { stdout } = await execa("sh", ["-c", create], { env: { NAME: "client" } });
    const lines = stdout.trim().split("\n");
    expect(lines[0]).toBe("-----BEGIN OPENSSH PRIVATE KEY-----");
    expect(lines.at(-1)).toMatch(/^ssh-ed25519 \S+ client$/);
    const { stdout: own } = await execa("sh", [
      "-c",
      'umask 077; f=$(mktemp); printf "%s\\n" "$0" >"$f"; ssh-keygen -y -f "$f"; rm "$f"',
      lines.slice(0, -1).join("\n"),
    ]);
    expect(own.split(" ").slice(0, 2)).toEqual(lines.at(-1)?.split(" ").slice(0, 2));
  });
});
