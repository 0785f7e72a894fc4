import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import * as path from "node:path";
import execa from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Registration } from "../../support/mocked";
import { find, referenceSite, temporaryHome, type Values } from "../../support/referenceSite";

const home = temporaryHome();
let made: Registration[];
beforeAll(async () => {
  made = await referenceSite();
});

describe("the image", () => {
  const renewed = { image: { file: "/images/new.qcow2", sha512: "1".repeat(128) } };
  const bases = (all: Registration[]) => all.filter((m) => m.name.includes("-base-"));

  it("is one volume on each hypervisor, named by its content, kept when another comes", async () => {
    expect(bases(made).map((m) => [m.name, m.provider, m.retainOnDelete])).toEqual([
      ["hv1-base-000000000000", "host-hv1", true],
      ["hv2-base-000000000000", "host-hv2", true],
      ["hv3-base-000000000000", "host-hv3", true],
    ]);
    expect(bases(await referenceSite({}, renewed)).map((m) => m.name)).toContain(
      "hv1-base-111111111111",
    );
  });

  it("is for new machines, and for those that are to follow it", async () => {
    const all = await referenceSite({}, { ...renewed, followImage: ["galera"] });
    expect(find(all, "hpc-ha-prod-galera1-root").ignoreChanges).toEqual([]);
    expect(find(all, "hpc-ha-prod-web1-root").ignoreChanges).toEqual(["baseVolumeId"]);
  });
});

describe("an image by its URL", () => {
  const content = Buffer.from("an image");
  const sha512 = createHash("sha512").update(content).digest("hex");
  let asked = 0;
  const server = createServer((_request, response) => {
    asked += 1;
    response.end(content);
  });
  beforeAll(() => new Promise<void>((listens) => server.listen(0, "127.0.0.1", listens)));
  afterAll(() => server.close());

  /** What the program has run, for another file, URL and checksum. */
  const download = (file: string, sum: string) => {
    const { create, environment } = find(made, "host-image").inputs as {
      create: string;
      environment: Values;
    };
    expect(Object.keys(environment)).toEqual(expect.arrayContaining(["FILE", "URL", "SHA512"]));
    const { port } = server.address() as AddressInfo;
    const env = { FILE: file, URL: `http://127.0.0.1:${port}/image`, SHA512: sum };
    return execa("sh", ["-c", create], { env, reject: false });
  };

  it("is downloaded once, and kept where the volumes are made of it", async () => {
    const file = path.join(home, "images", "one.qcow2");
    asked = 0;
    for (let i = 0; i < 2; i++) expect((await download(file, sha512)).exitCode).toBe(0);
    expect(readFileSync(file)).toEqual(content);
    expect(asked).toBe(1);
  });

  it("is refused and not kept when it is another one", async () => {
    const file = path.join(home, "images", "other.qcow2");
    const { exitCode, stderr } = await download(file, "1".repeat(128));
    expect(exitCode).toBe(1);
    expect(stderr).toContain("is not the image of vm.image.sha512");
    expect([existsSync(file), existsSync(`${file}.partial`)]).toEqual([false, false]);
  });
});
