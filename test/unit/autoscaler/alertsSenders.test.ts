/** Webhook and mail against real receivers on loopback. */
import { execFileSync } from "node:child_process";
import * as http from "node:http";
import type { AddressInfo } from "node:net";
import * as net from "node:net";
import { SMTPServer, type SMTPServerOptions } from "smtp-server";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { sendersOf } from "../../../autoscaler/alerts";
import { Mail, type MailSettings } from "../../../autoscaler/alerts/mail";
import { Notifier } from "../../../autoscaler/alerts/notifier";
import { Webhook } from "../../../autoscaler/alerts/webhook";
import type { Alert } from "../../../autoscaler/model";
import { autoscalerSchema } from "../../../components/web/autoscaler";
import { type ReadMail, readMail } from "../../support/mailServer";
import { Certificates, server as serverExtensions } from "../../support/ownCertificate";
import { TSX } from "../../support/program";

const place = { site: "hpc", timeZone: "Asia/Seoul" };
const SATURATED: Alert = {
  name: "SaturatedAtMaximum",
  severity: "critical",
  summary: "웹 풀이 최대 크기(10)인데도 과부하입니다 <web.max> & so on",
  since: 1_795_717_268_000,
};
const batch = { firing: [SATURATED], resolved: [] };
const PATH = "/services/T000/B000/s3cretpath";
const PASSWORD = "p4ssw0rd of the mail";

const certificates = new Certificates();
beforeAll(() => certificates.make("mail", undefined, serverExtensions("IP:127.0.0.1")));
afterAll(certificates.remove);

const open: (() => void)[] = [];
afterEach(() => open.splice(0).forEach((close) => close()));

/** A receiver that gives these answers one after the other, the last one for ever. */
async function receiver(...codes: number[]) {
  const got: { url?: string | undefined; type?: string | undefined; body: string }[] = [];
  const server = http.createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (part: string) => (body += part));
    request.on("end", () => {
      got.push({ url: request.url, type: request.headers["content-type"], body });
      const code = codes.length > 1 ? codes.shift() : codes[0];
      response.writeHead(code ?? 200, { location: "/elsewhere" }).end(`no such hook ${PATH}`);
    });
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  open.push(() => (server.closeAllConnections(), server.close()));
  return { got, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${PATH}` };
}

/** An SMTP server, and the mails that it got as Python's parser reads them. */
async function smtp(options: SMTPServerOptions = {}) {
  const got: ReadMail[] = [];
  const logins: string[] = [];
  const recipients: string[] = [];
  const server = new SMTPServer({
    ...{
      authOptional: true,
      key: certificates.read("mail.key"),
      cert: certificates.read("mail.pem"),
    },
    onAuth: ({ username, password }, _session, done) => {
      logins.push(`${username}:${password}`);
      done(new Error(`no ${password}`));
    },
    onRcptTo: ({ address }, _session, done) => {
      recipients.push(address);
      done();
    },
    onData: (stream, _session, done) => {
      const parts: Buffer[] = [];
      stream.on("data", (part: Buffer) => parts.push(part));
      stream.on("end", () => {
        got.push(readMail(Buffer.concat(parts)));
        done();
      });
    },
    ...options,
  });
  server.on("error", () => {});
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  open.push(() => server.close());
  const { port } = server.server.address() as AddressInfo;
  const settings: MailSettings = {
    ...{ host: "127.0.0.1", port, tls: false, from: "hpc@example.org" },
    to: ["admin@example.org", "운영@example.org"],
  };
  return { got, logins, recipients, settings };
}

describe("the webhook", () => {
  it("tells in Slack's form, also Korean, and its signs mean nothing", async () => {
    const { got, url } = await receiver(200);
    await new Webhook(url, place).send(batch);
    expect(got).toHaveLength(1);
    expect(got[0]).toMatchObject({ url: PATH, type: "application/json; charset=utf-8" });
    expect(JSON.parse(got[0]?.body ?? "")).toEqual({
      text: `*[hpc] critical: 웹 풀이 최대 크기(10)인데도 과부하입니다 &lt;web.max&gt; &amp; so on*
critical: SaturatedAtMaximum, since 2026-11-27 03:21 Asia/Seoul
웹 풀이 최대 크기(10)인데도 과부하입니다 &lt;web.max&gt; &amp; so on`,
    });
  });

  it("tells it exactly once to a receiver that first answers 500", async () => {
    const { got, url } = await receiver(500, 500, 200);
    let now = 0;
    const notifier = new Notifier(
      [new Webhook(url, place)],
      undefined,
      () => now,
      () => {},
    );
    for (let look = 0; look < 20; look++) {
      await notifier.tell([SATURATED]);
      now += 30_000;
    }
    await notifier.tell([]);
    expect(got.map(({ body }) => /resolved/.test(body))).toEqual([false, false, false, true]);
  });

  it.each([
    [404, "webhook at 127.0.0.1: answers 404"],
    [302, "webhook at 127.0.0.1: answers 302"],
  ])("does not take %d for success, and says no secret", async (code, message) => {
    const { got, url } = await receiver(code);
    await failsWith(new Webhook(url, place).send(batch), message);
    expect(got).toHaveLength(1);
  });

  it("says who cannot be reached, and no secret", async () => {
    const { url } = await receiver(200);
    open.splice(0).forEach((close) => close());
    await failsWith(new Webhook(url, place).send(batch), "webhook at 127.0.0.1: ECONNREFUSED");
    const nowhere = `http://user:${PASSWORD}@127.0.0.1:1${PATH}`;
    await failsWith(new Webhook(nowhere, place).send(batch), /^webhook at 127.0.0.1: \w+$/);
  });

  it("does not wait for ever", async () => {
    const timeout = AbortSignal.timeout.bind(AbortSignal);
    const spied = vi.spyOn(AbortSignal, "timeout").mockImplementation((ms) => timeout(ms / 100));
    open.push(() => spied.mockRestore());
    const silent = net.createServer(() => {});
    await new Promise<void>((done) => silent.listen(0, "127.0.0.1", done));
    open.push(() => silent.close());
    const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}${PATH}`;
    await failsWith(
      new Webhook(url, place).send(batch),
      "webhook at 127.0.0.1: no answer within 10 s",
    );
  });
});

describe("the mail", () => {
  it("arrives with Korean in subject and text, at all its receivers", async () => {
    const { got, recipients, settings } = await smtp({ disabledCommands: ["STARTTLS", "AUTH"] });
    await new Mail(settings, place).send(batch);
    expect(got).toEqual([
      {
        subject: "[hpc] critical: 웹 풀이 최대 크기(10)인데도 과부하입니다 <web.max> & so on",
        from: "hpc@example.org",
        to: expect.stringContaining("admin@example.org") as string,
        text: `critical: SaturatedAtMaximum, since 2026-11-27 03:21 Asia/Seoul
웹 풀이 최대 크기(10)인데도 과부하입니다 <web.max> & so on
`,
      },
    ]);
    expect(recipients).toHaveLength(2);
  });

  it("goes by STARTTLS where that is offered, also with a certificate that nobody signed", async () => {
    let secure = false;
    const { got, settings } = await smtp({
      onMailFrom: (_address, session, done) => {
        secure = session.secure;
        done();
      },
    });
    await new Mail(settings, place).send(batch);
    expect([got.length, secure]).toEqual([1, true]);
  });

  it("gives no password to a server that does not encrypt, or whose certificate nobody signed", async () => {
    const login = { user: "hpc", password: PASSWORD };
    const plain = await smtp({
      hideSTARTTLS: true,
      disabledCommands: ["STARTTLS"],
      allowInsecureAuth: true,
    });
    await failsWith(
      new Mail({ ...plain.settings, ...login }, place).send(batch),
      /^mail by 127.0.0.1:\d+: no encryption/,
    );
    for (const tls of [false, true]) {
      const other = await smtp({ secure: tls });
      await failsWith(
        new Mail({ ...other.settings, ...login, tls }, place).send(batch),
        /^mail by 127.0.0.1:\d+: no (connection|encryption)/,
      );
      expect([other.logins, other.got]).toEqual([[], []]);
    }
    expect([plain.logins, plain.got]).toEqual([[], []]);
  });

  it("logs in with a certificate that is trusted, and says no secret when that is refused", () => {
    // Who is trusted is settled when Node.js starts.
    const child = `
      const { SMTPServer } = require("smtp-server");
      const { Mail } = require("./autoscaler/alerts/mail.ts");
      const fs = require("node:fs");
      const [key, cert] = ["key", "pem"].map((end) => fs.readFileSync("${certificates.file("mail")}." + end, "utf8"));
      let good = true;
      const logins = [];
      const server = new SMTPServer({ key, cert, onAuth: ({ username, password }, _s, done) => {
        logins.push(username + ":" + password);
        good ? done(null, { user: username }) : done(new Error("not " + password));
      } });
      server.listen(0, "127.0.0.1", async () => {
        const { port } = server.server.address();
        const settings = { host: "127.0.0.1", port, tls: false, from: "a@example.org", to: ["b@example.org"],
          user: "hpc", password: ${JSON.stringify(PASSWORD)} };
        const mail = new Mail(settings, { site: "hpc", timeZone: "Asia/Seoul" });
        await mail.send({ firing: [], resolved: [] });
        good = false;
        const error = await mail.send({ firing: [], resolved: [] }).catch((e) => e);
        console.log(JSON.stringify({ logins, error: require("node:util").inspect(error, { depth: 9 }), message: error.message }));
        server.close();
      });`;
    const said = execFileSync(process.execPath, [...TSX, "-e", child], {
      env: { ...process.env, NODE_EXTRA_CA_CERTS: certificates.file("mail.pem") },
    }).toString();
    const { logins, error, message } = JSON.parse(said) as Record<string, string>;
    expect(logins).toEqual([`hpc:${PASSWORD}`, `hpc:${PASSWORD}`]);
    expect(message).toMatch(
      /^mail by 127.0.0.1:\d+: the login is refused \(the server answers 535\)$/,
    );
    expect(error).not.toContain(PASSWORD);
  });

  it("that is refused fails with the server's number and none of its words", async () => {
    const { settings } = await smtp({
      onMailFrom: (_address, _session, done) =>
        done(Object.assign(new Error(PASSWORD), { responseCode: 451 })),
    });
    await failsWith(
      new Mail(settings, place).send(batch),
      /^mail by .*: an address is refused \(the server answers 451\)$/,
    );
  });
});

it("whoever is configured is told, each for itself: a mail server that is down holds no webhook back", async () => {
  const { got, url } = await receiver(200);
  const { settings } = await smtp();
  open.splice(1).forEach((close) => close());
  const config = autoscalerSchema.parse({
    alerts: { webhook: url, mail: { ...settings, to: ["a@example.org"] } },
  });
  const logged: string[] = [];
  const notifier = new Notifier(sendersOf(config, "hpc"), undefined, Date.now, (line) =>
    logged.push(line),
  );
  await notifier.tell([SATURATED]);
  expect(got).toHaveLength(1);
  expect(logged).toEqual([
    expect.stringMatching(/^alerts not sent.*: mail by 127.0.0.1:\d+: no connection/),
  ]);
  expect(sendersOf(autoscalerSchema.parse({}), "hpc")).toEqual([]);
});

/** It fails with these words, and nothing of it, however deep one looks, is a secret. */
async function failsWith(sending: Promise<void>, words: string | RegExp) {
  const error = await sending.then(
    () => new Error("it did not fail"),
    (e: unknown) => e as Error,
  );
  expect(error.message).toMatch(words);
  const { inspect } = await import("node:util");
  const all = inspect(error, { depth: 9, showHidden: true });
  for (const secret of ["s3cretpath", PASSWORD]) expect(all).not.toContain(secret);
}
