import { X509Certificate } from "node:crypto";
import { createServer, connect, type Server } from "node:tls";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { type CertificateRequest, issue, type Issued } from "../../programs/certificates";
import { Commands } from "../support/program";

const request: CertificateRequest = {
  site: "hpc-ha-lab",
  subnet: "127.0.0.0/24",
  certificates: {
    web: { addresses: ["127.0.0.101"], client: false },
    galera1: { addresses: ["127.0.0.102", "127.0.0.141"], client: true },
  },
};
const issued = issue(request);
const pemOf = (from: Issued, owner: string) => from.certificates[owner]?.pem ?? "";
const certificate = (from: Issued, owner: string) => new X509Certificate(pemOf(from, owner));

const open: Server[] = [];
afterEach(() => open.splice(0).forEach((server) => server.close()));

/** Connects as a client that verifies chain and address; "ok" or why not. */
async function connectTo(host: string, owner: string, from = issued, trusted = issued) {
  const pem = pemOf(from, owner);
  const server = createServer({ cert: pem, key: pem }, (socket) => socket.end());
  open.push(server);
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  const { port } = server.address() as AddressInfo;
  return new Promise<string>((resolve) => {
    const socket = connect({ host, port, ca: trusted.ca }, () => resolve("ok"));
    socket.on("error", (error: Error) => resolve(error.message));
  });
}

describe("the certificate maker", () => {
  it("signs one certificate for each owner, with the addresses and uses that were asked for", () => {
    const ca = new X509Certificate(issued.ca);
    expect(ca.ca).toBe(true);
    expect(ca.subject).toBe("CN=hpc-ha-lab CA");
    const web = certificate(issued, "web");
    const galera1 = certificate(issued, "galera1");
    for (const made of [web, galera1]) {
      expect([made.ca, made.verify(ca.publicKey)]).toEqual([false, true]);
      const years = (Date.parse(made.validTo) - Date.now()) / (365 * 864e5);
      expect(years).toBeGreaterThan(9.9);
      expect(years).toBeLessThan(10.1);
    }
    expect(web.subjectAltName).toBe("IP Address:127.0.0.101");
    expect(galera1.subjectAltName).toBe("IP Address:127.0.0.102, IP Address:127.0.0.141");
    // TLS web server, TLS web client.
    expect(web.keyUsage).toEqual(["1.3.6.1.5.5.7.3.1"]);
    expect(galera1.keyUsage).toEqual(["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"]);
    expect(web.publicKey.equals(galera1.publicKey)).toBe(false);
  });

  it("signs for a client what no server can show", async () => {
    const made = issue(
      { ...request, certificates: { writer: { addresses: [], client: true } } },
      issued,
    );
    const writer = certificate(made, "writer");
    expect(writer.keyUsage).toEqual(["1.3.6.1.5.5.7.3.2"]);
    expect(writer.subjectAltName).toBeUndefined();
    expect(await connectTo("127.0.0.101", "writer", made)).not.toBe("ok");
  });

  it("makes what TLS clients accept at these addresses, and at no other", async () => {
    expect(await connectTo("127.0.0.101", "web")).toBe("ok");
    expect(await connectTo("127.0.0.141", "galera1")).toBe("ok");
    expect(await connectTo("127.0.0.101", "galera1")).toContain(
      "127.0.0.101 is not in the cert's list",
    );
    const other = issue(request);
    expect(await connectTo("127.0.0.101", "web", issued, other)).toBe(
      "self-signed certificate in certificate chain",
    );
  });

  it("makes a CA that is believed nothing outside of the site's subnet", async () => {
    const stray: CertificateRequest = {
      ...request,
      certificates: { stray: { addresses: ["127.0.1.1"], client: false } },
    };
    expect(await connectTo("127.0.1.1", "stray", issue(stray, issued))).toBe(
      "permitted subtree violation",
    );
  });

  it("keeps CA and certificates that stay the same, so that a new machine disturbs nobody", async () => {
    const { web = { addresses: [], client: false } } = request.certificates;
    const grown = issue(
      {
        ...request,
        certificates: {
          web: { ...web, addresses: ["127.0.0.103"] },
          galera1: { addresses: ["127.0.0.102", "127.0.0.141"], client: true },
          galera4: { addresses: ["127.0.0.102", "127.0.0.144"], client: true },
        },
      },
      issued,
    );
    expect(grown.ca).toBe(issued.ca);
    expect(pemOf(grown, "galera1")).toBe(pemOf(issued, "galera1"));
    expect(await connectTo("127.0.0.144", "galera4", grown)).toBe("ok");
    expect(await connectTo("127.0.0.103", "web", grown)).toBe("ok");
    const shrunk = issue({ ...request, certificates: {} }, grown);
    expect([shrunk.ca, shrunk.certificates]).toEqual([issued.ca, {}]);
  });

  it("makes a new CA for another subnet, which the old one could not sign for", () => {
    const moved = issue({ ...request, subnet: "127.0.1.0/24", certificates: {} }, issued);
    expect(moved.ca).not.toBe(issued.ca);
  });
});

describe("its program", () => {
  const commands = new Commands();
  afterAll(commands.remove);
  const run = (previous: string | undefined) =>
    commands.run("certificates", request, { PULUMI_COMMAND_STDOUT: previous });

  it("keeps what it issued before, which Pulumi hands over", async () => {
    const first = await run(undefined);
    expect(Object.keys((JSON.parse(first.stdout) as Issued).certificates)).toEqual([
      "web",
      "galera1",
    ]);
    expect((await run(first.stdout)).stdout).toBe(first.stdout);
  });

  it.each([
    ["cut off", JSON.stringify(issued).slice(0, 500)],
    ["of another form", JSON.stringify({ ...issued, ca: undefined })],
  ])("makes no new CA where that is %s, and shows nothing of it", async (_, previous) => {
    const { exitCode, stdout, stderr } = await run(previous);
    expect([exitCode, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(/what was issued before is not/);
    expect(stderr).not.toMatch(/BEGIN|[\w+/]{40}/);
  });
});
