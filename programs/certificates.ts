/**
 * Makes the site's CA and every certificate that it signs. Reads a CertificateRequest from stdin and prints
 * Issued as JSON. An earlier Issued in PULUMI_COMMAND_STDOUT is kept as far as it is still wanted: the CA stays,
 * so that machines with old and new certificates go on trusting each other while they change one by one.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { isDeepStrictEqual } from "node:util";
import { IPv4 } from "ipaddr.js";
import { z } from "zod";
import { parseRequest, program } from "../lib/program";
import { netmask } from "../plan/addresses";

/** Validity, days. Ten years: a lab's or an intranet's own CA is replaced on purpose, not by expiry. */
const DAYS = "3650";

/** What one certificate is for. */
const purposeSchema = z
  .strictObject({
    /** Addresses at which clients reach its owner. None: it is a client only. */
    addresses: z.array(z.ipv4()),
    /** Whether its owner also shows it when it is the client, as members of a Galera cluster do. */
    client: z.boolean(),
  })
  .refine(({ addresses, client }) => client || addresses.length > 0, "serves nobody, and nothing");
export type Purpose = z.infer<typeof purposeSchema>;

const requestSchema = z.strictObject({
  /** Name of the site, for people who look at the CA. */
  site: z.string().min(1),
  /** Subnet: the CA can sign for no address outside. */
  subnet: z.cidrv4(),
  /** By name of the owner. */
  certificates: z.record(z.string().regex(/^[\w-]+$/), purposeSchema),
});
export type CertificateRequest = z.infer<typeof requestSchema>;

const issuedSchema = z.strictObject({
  subnet: z.string(),
  /** PEM; public. */
  ca: z.string(),
  /** Key of the CA, PEM. Secret: kept only so that a later certificate is trusted by all who trust the others. */
  caKey: z.string(),
  certificates: z.record(
    z.string(),
    z.strictObject({
      purpose: purposeSchema,
      /** Certificate, CA certificate and private key, as HAProxy, Redis and MariaDB read them from one file. Secret. */
      pem: z.string(),
    }),
  ),
});
export type Issued = z.infer<typeof issuedSchema>;

/** @param previous what was issued before; another subnet needs a new CA */
export function issue(request: CertificateRequest, previous?: Issued): Issued {
  // Private by mkdtemp (mode 700); gone when this returns.
  const dir = mkdtempSync(path.join(tmpdir(), "certificates-"));
  const file = (name: string, content?: string) => {
    const target = path.join(dir, name);
    if (content !== undefined) writeFileSync(target, content, { mode: 0o600 });
    return content ?? readFileSync(target, "utf8");
  };
  const openssl = (name: string, subject: string, extensions: string[], ...signer: string[]) =>
    execFileSync(
      "openssl",
      [
        ...["req", "-x509", "-config", "openssl.cnf", "-days", DAYS, "-subj", `/CN=${subject}`],
        ...["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc"],
        ...["-keyout", `${name}.key`, "-out", `${name}.pem`, ...signer],
        ...extensions.flatMap((extension) => ["-addext", extension]),
      ],
      // The earlier certificates are in this process's environment, and nobody else's business.
      { cwd: dir, stdio: "pipe", env: { ...process.env, PULUMI_COMMAND_STDOUT: "" } },
    );
  try {
    // The host's own openssl.cnf might add extensions.
    file("openssl.cnf", "[req]\ndistinguished_name=name\n[name]\n");
    const kept = previous?.subnet === request.subnet ? previous : undefined;
    if (kept) {
      file("ca.pem", kept.ca);
      file("ca.key", kept.caKey);
    } else {
      openssl("ca", `${request.site} CA`, [
        "basicConstraints=critical,CA:true,pathlen:0",
        "keyUsage=critical,keyCertSign,cRLSign",
        "subjectKeyIdentifier=hash",
        `nameConstraints=critical,${constraints(request.subnet)}`,
      ]);
    }
    const make = (owner: string, { addresses, client }: Purpose): string => {
      openssl(
        `server-${owner}`,
        // No dot in it: what looks like a host name is held against the CA's constraints.
        owner,
        [
          "basicConstraints=critical,CA:false",
          "keyUsage=critical,digitalSignature",
          `extendedKeyUsage=${[...(addresses.length > 0 ? ["serverAuth"] : []), ...(client ? ["clientAuth"] : [])].join(",")}`,
          "subjectKeyIdentifier=hash",
          "authorityKeyIdentifier=keyid",
          ...(addresses.length > 0
            ? [`subjectAltName=${addresses.map((address) => `IP:${address}`).join(",")}`]
            : []),
        ],
        ...["-CA", "ca.pem", "-CAkey", "ca.key"],
      );
      return file(`server-${owner}.pem`) + file("ca.pem") + file(`server-${owner}.key`);
    };
    const certificates = Object.entries(request.certificates).map(([owner, purpose]) => {
      const old = kept?.certificates[owner];
      const same = old && isDeepStrictEqual(old.purpose, purpose);
      return [owner, same ? old : { purpose, pem: make(owner, purpose) }] as const;
    });
    return {
      subnet: request.subnet,
      ca: file("ca.pem"),
      caKey: file("ca.key"),
      certificates: Object.fromEntries(certificates),
    };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Addresses of the subnet, and no host name ("invalid" is reserved): a lost key opens nothing beyond the site. */
function constraints(subnet: string): string {
  const network = IPv4.networkAddressFromCIDR(subnet).toString();
  return `permitted;IP:${network}/${netmask(subnet)},permitted;DNS:invalid`;
}

if (require.main === module) {
  program(requestSchema, (request) => {
    // Pulumi hands over what the last successful run printed.
    const text = process.env["PULUMI_COMMAND_STDOUT"];
    // Not a new CA where that cannot be read: nobody would trust those who trust the old one.
    const previous = text ? parseRequest(issuedSchema, text, "what was issued before") : undefined;
    const issued = issue(request, previous);
    // Written whole before the program ends.
    return new Promise((done) => process.stdout.write(JSON.stringify(issued), () => done()));
  });
}
