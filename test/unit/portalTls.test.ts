import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { TLSSocket } from "node:tls";
import { Redis } from "ioredis";
import { createConnection } from "mysql2/promise";
import { afterEach, describe, expect, it } from "vitest";
import { issue } from "../../programs/certificates";
import { verifiedMysql, verifiedRedis } from "../../portal/tls";

/** A store with a certificate for 127.0.0.101 only. */
const site = issue({
  site: "test",
  subnet: "127.0.0.0/24",
  certificates: { store: { addresses: ["127.0.0.101"], client: false } },
});
const pem = site.certificates["store"]?.pem ?? "";
const encrypted = (socket: Socket) =>
  new TLSSocket(socket, { isServer: true, cert: pem, key: pem });

const open: Server[] = [];
afterEach(() => open.splice(0).forEach((server) => server.close()));
async function serve(host: string, client: (socket: Socket) => void): Promise<number> {
  const server = createServer((socket) => client(socket.on("error", () => undefined)));
  open.push(server);
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  return (server.address() as AddressInfo).port;
}

const mysqlPacket = (sequence: number, payload: Buffer) =>
  Buffer.concat([Buffer.from([payload.length, 0, 0, sequence]), payload]);
/** Says that it can TLS, starts it when asked to, and then refuses whoever tells its name. */
function mariadb(socket: Socket): void {
  // Protocol 10, with the capabilities protocol 4.1, SSL, secure connection and named authentication.
  const greeting = [
    Buffer.from("\x0a10.11.0-MariaDB\0"),
    Buffer.from([1, 0, 0, 0]),
    Buffer.from("12345678\0"),
    Buffer.from([0x00, 0x8a, 45, 2, 0, 0x08, 0x00, 21]),
    Buffer.alloc(10),
    Buffer.from("123456789012\0mysql_native_password\0"),
  ];
  socket.write(mysqlPacket(0, Buffer.concat(greeting)));
  socket.once("readable", () => {
    // Its request only: the first of TLS may have come with it.
    socket.read(36);
    const tls = encrypted(socket).on("error", () => undefined);
    const denied = Buffer.concat([Buffer.from([0xff, 0x15, 0x04]), Buffer.from("#28000denied")]);
    tls.once("data", () => tls.end(mysqlPacket(3, denied)));
  });
}

/** What a client is told: the store's refusal shows that it spoke through TLS. */
async function askMariadb(host: string, ca = site.ca): Promise<string> {
  const port = await serve(host, mariadb);
  const options = { ...verifiedMysql({ host, port, ca }), user: "u", password: "p" };
  return createConnection(options).then(
    () => "connected",
    (error: Error) => error.message,
  );
}

async function askRedis(host: string, ca = site.ca): Promise<string> {
  const port = await serve(host, (socket) =>
    encrypted(socket)
      .on("error", () => undefined)
      .on("data", () => undefined)
      .write("-ERR refused\r\n"),
  );
  const redis = new Redis({
    ...verifiedRedis({ host, port, ca }),
    retryStrategy: () => null,
    enableReadyCheck: false,
  });
  const said = await new Promise<string>((resolve) => {
    redis.once("connect", () => resolve("connected"));
    redis.once("error", (error) => resolve(error.message));
  });
  redis.disconnect();
  return said;
}

describe.each([
  ["MariaDB", askMariadb, "denied"],
  ["Redis", askRedis, "connected"],
])("a connection to %s", (_, ask, accepted) => {
  it("is made to the address in its certificate, signed by the site's CA", async () => {
    expect(await ask("127.0.0.101")).toBe(accepted);
  });

  it("is refused when the certificate is another machine's", async () => {
    expect(await ask("127.0.0.102")).toContain("127.0.0.102 is not in the cert's list");
  });

  it("is refused when the certificate is another CA's", async () => {
    const other = issue({ site: "other", subnet: "127.0.0.0/24", certificates: {} });
    expect(await ask("127.0.0.101", other.ca)).toContain("self-signed certificate");
  });
});
