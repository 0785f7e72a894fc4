/**
 * Makes a CA and a server certificate for an address, and prints them as JSON {ca, pem} (pem: server
 * certificate, CA certificate and private key, as HAProxy wants them). Reads {address, name} from stdin.
 * The CA's own key is thrown away: nobody can sign anything else with a CA that people trust.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { text } from "node:stream/consumers";
import { z } from "zod";

/** Validity, days. Ten years: a lab's or an intranet's own CA is replaced on purpose, not by expiry. */
const DAYS = "3650";
const requestSchema = z.strictObject({ address: z.ipv4(), name: z.string().regex(/^[\w-]+$/) });

export function makeCertificate(address: string, name: string): { ca: string; pem: string } {
  // Private by mkdtemp (mode 700); gone when this returns.
  const dir = mkdtempSync(path.join(tmpdir(), "certificate-"));
  const file = (n: string) => path.join(dir, n);
  const openssl = (...args: string[]) => execFileSync("openssl", args, { cwd: dir, stdio: "pipe" });
  const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  try {
    writeFileSync(
      file("server.ext"),
      `subjectAltName=IP:${address}\nbasicConstraints=critical,CA:false\n` +
        "keyUsage=critical,digitalSignature\nextendedKeyUsage=serverAuth\n",
    );
    openssl(
      ...["req", "-x509", ...newKey, "-keyout", "ca.key", "-out", "ca.pem", "-days", DAYS],
      ...["-subj", `/CN=${name} CA`, "-addext", "keyUsage=critical,keyCertSign,cRLSign"],
    );
    openssl(
      "req",
      ...newKey,
      "-keyout",
      "server.key",
      "-out",
      "server.csr",
      "-subj",
      `/CN=${address}`,
    );
    openssl(
      ...[
        "x509",
        "-req",
        "-in",
        "server.csr",
        "-CA",
        "ca.pem",
        "-CAkey",
        "ca.key",
        "-CAcreateserial",
      ],
      ...["-days", DAYS, "-extfile", "server.ext", "-out", "server.pem"],
    );
    const read = (n: string) => readFileSync(file(n), "utf8");
    const ca = read("ca.pem");
    return { ca, pem: read("server.pem") + ca + read("server.key") };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

async function main(): Promise<void> {
  const { address, name } = requestSchema.parse(JSON.parse(await text(process.stdin)));
  process.stdout.write(JSON.stringify(makeCertificate(address, name)));
}

if (require.main === module) {
  main().catch((e: unknown) => {
    console.error(e);
    process.exitCode = 1;
  });
}
