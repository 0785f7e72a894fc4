import { beforeAll, describe, expect, it } from "vitest";
import type { Registration } from "../../support/mocked";
import * as yaml from "js-yaml";
import { instanceId, type Identity, renderSeed } from "../../../drivers/vm/cloudInit";
import { find, isSecret, plain, referenceSite, temporaryHome } from "../../support/referenceSite";

temporaryHome();
let made: Registration[];
beforeAll(async () => {
  made = await referenceSite();
});

const identity: Identity = {
  hostname: "web1",
  mac: "52:54:00:a8:01:15",
  address: "192.168.1.21",
  prefixLength: 24,
  gateway: "192.168.1.1",
  nameservers: [],
  interface: "eth0",
  authorizedKey: "ssh-ed25519 AAAA root",
  hostKey: "ssh-ed25519 BBBB web1",
};

describe("the seed", () => {
  const { userData, metaData, networkConfig } = renderSeed(identity, "PRIVATE\nKEY\n");

  it("fixes address, root's key and the host key before the first boot", () => {
    expect(userData.startsWith("#cloud-config\n")).toBe(true);
    expect(yaml.load(userData)).toMatchObject({
      hostname: "web1",
      ssh_pwauth: false,
      users: [{ name: "root", ssh_authorized_keys: [identity.authorizedKey] }],
      ssh_keys: { ed25519_private: "PRIVATE\nKEY\n", ed25519_public: identity.hostKey },
    });
    expect(yaml.load(networkConfig)).toMatchObject({
      ethernets: {
        site: {
          match: { macaddress: identity.mac },
          "set-name": "eth0",
          addresses: ["192.168.1.21/24"],
          routes: [{ via: "192.168.1.1" }],
        },
      },
    });
    expect(yaml.load(metaData)).toMatchObject({ "instance-id": instanceId(identity) });
  });

  it("asks for nothing that needs a package which a machine does not have", () => {
    expect(yaml.load(userData)).toMatchObject({ locale: false });
  });

  it("makes another instance of a machine that gets another address or key", () => {
    expect(instanceId({ ...identity })).toBe(instanceId(identity));
    expect(instanceId({ ...identity, address: "192.168.1.22" })).not.toBe(instanceId(identity));
    expect(instanceId({ ...identity, authorizedKey: "other" })).not.toBe(instanceId(identity));
  });

  it("is the same whoever wrote the comment of root's key", () => {
    expect(plain(find(made, "web-web1-seed").inputs["stdin"])).toContain("ssh-ed25519 AAAA\\n");
  });

  it("has no secret that is readable in the state, and no other than the host key", () => {
    const stdin = find(made, "web-web1-seed").inputs["stdin"];
    expect(typeof stdin).toBe("object");
    expect(plain(stdin)).not.toContain("secret-");
    for (const { name, inputs } of made) {
      const readable = JSON.stringify(inputs, (_, value: unknown) => (isSecret(value) ? 0 : value));
      expect([name, readable.includes("PRIVATE")]).toEqual([name, false]);
    }
  });
});
