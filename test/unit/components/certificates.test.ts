import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import { SiteCertificates, type SiteCertificatesArgs } from "../../../components/certificates";
import { family, known, machines, vips } from "../../support/fleet";
import { registered } from "../../support/mocked";
import { find, request } from "../../support/referenceSite";

const args: SiteCertificatesArgs = {
  site: "hpc-ha-prod",
  subnet: "192.168.1.0/24",
  webVip: vips.web,
  dataVip: vips.data,
  members: [
    { specs: machines.redis, client: false },
    { specs: machines.galera, client: true },
  ],
};
const both = (name: string, host: number, client: boolean) => [
  name,
  { addresses: ["192.168.1.102", `192.168.1.${host}`], client },
];
const data = Object.fromEntries([
  ...[1, 2, 3].map((n) => both(`redis${n}`, 130 + n, false)),
  ...[1, 2, 3].map((n) => both(`galera${n}`, 140 + n, true)),
]) as object;

/** @param look at what it gives: the values, and whether they are secret */
async function make(
  changes: Partial<SiteCertificatesArgs> = {},
  look: (certificates: SiteCertificates) => Record<string, pulumi.Output<unknown>> = () => ({}),
) {
  const seen: Record<string, unknown> = {};
  const made = await registered(async () => {
    const certificates = new SiteCertificates("certificates", { ...args, ...changes });
    for (const [name, output] of Object.entries(look(certificates))) {
      const value = await known(output);
      seen[name] = (await pulumi.isSecret(output)) ? { secret: value } : value;
    }
  });
  return { made, seen };
}

describe("a site's certificates", () => {
  it("are one command, whose output is secret and is handed to the next run of it", async () => {
    const { made } = await make();
    expect(family(made)).toEqual([
      "certificates > certificates-issued command:local:Command",
      "certificates hpc-ha:site:SiteCertificates",
    ]);
    const { inputs, secretOutputs } = find(made, "certificates-issued");
    expect(inputs).toEqual({
      create: "node --import tsx programs/certificates.ts",
      update: "node --import tsx programs/certificates.ts",
      stdin: expect.any(String) as string,
      addPreviousOutputInEnv: true,
      logging: "none",
    });
    expect(secretOutputs).toEqual(["stdout"]);
  });

  it("are one for the web VIP, and one for each machine of the data tier", async () => {
    expect(request((await make()).made, "certificates-issued")).toEqual({
      site: "hpc-ha-prod",
      subnet: "192.168.1.0/24",
      certificates: { web: { addresses: ["192.168.1.101"], client: false }, ...data },
    });
  });

  it("are one besides for each store of logs, and one for who writes to them, who serves nobody", async () => {
    const stores = [{ name: "monitor1", address: "192.168.1.195" }];
    const { made } = await make({ logs: { stores, writer: "log-writer" } });
    expect(request(made, "certificates-issued")["certificates"]).toEqual({
      web: { addresses: ["192.168.1.101"], client: false },
      ...data,
      monitor1: { addresses: ["192.168.1.195"], client: false },
      "log-writer": { addresses: [], client: true },
    });
  });

  it("are the CA's for everybody, and the web VIP's with its key", async () => {
    const { seen } = await make({}, ({ ca, webCa, web }) => ({ ca, webCa, web }));
    // The mocks' outputs are no secrets by themselves: with the engine stdout is.
    expect(seen).toMatchObject({ ca: "the CA", webCa: "the CA", web: "the key of web" });
  });

  it("are the owner's for the web VIP and no other", async () => {
    const owner = { chain: "the chain\n\n", key: "the key\n" };
    const { made, seen } = await make({ owner }, ({ ca, webCa, web }) => ({ ca, webCa, web }));
    expect(seen).toEqual({
      ca: "the CA",
      webCa: "the chain\n\n",
      web: { secret: "the chain\nthe key\n" },
    });
    expect(request(made, "certificates-issued")["certificates"]).toEqual(data);
  });

  it("are given to each machine as its own and no other", async () => {
    const { seen } = await make({}, (all) => ({ redis: all.of([{ name: "redis1" }]) }));
    expect(seen["redis"]).toEqual({ redis1: "the key of redis1" });
  });
});
