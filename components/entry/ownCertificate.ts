import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { fileFaults, type Files } from "../../plan/files";

/** The owner's certificate and key for the web VIP (config `tls`), PEM files. */
export interface OwnCertificate {
  certificateFile: string;
  keyFile: string;
}

/** Extended key usage of who serves TLS. */
const SERVER = "1.3.6.1.5.5.7.3.1";
/** Least size of an RSA key that Debian's OpenSSL serves with, bits. */
const RSA_BITS = 2048;

/**
 * What is wrong with the owner's certificate: with any of it HAProxy would not start, or users would be warned.
 * @param vip address of the web VIP, if it is known
 */
export function ownCertificateFaults(
  { certificateFile, keyFile }: OwnCertificate,
  files: Files,
  vip: string | undefined,
  now = new Date(),
): string[] {
  let server: X509Certificate | undefined;
  const certificate = fileFaults("tls.certificateFile", certificateFile, files, (text) => {
    // Its content is public: outputs of the stack, and ca.pem.
    if (text.includes("PRIVATE KEY-----")) {
      return ["must have the certificate and its chain only, not the private key"];
    }
    const chain = certificatesIn(text);
    if (typeof chain === "string") return [chain];
    server = chain[0];
    return [
      ...chain.flatMap((c) => datesFaults(c, now)),
      ...orderFaults(chain),
      ...useFaults(chain[0], vip),
    ];
  });
  const key = fileFaults("tls.keyFile", keyFile, files, (text) => {
    const found = keyIn(text);
    if (typeof found === "string") return [found];
    const bits = found.asymmetricKeyDetails?.modulusLength ?? RSA_BITS;
    return [
      ...(bits < RSA_BITS ? [`has ${bits} bits; at least ${RSA_BITS}`] : []),
      ...(server && !server.checkPrivateKey(found)
        ? [`is not the key of the first certificate in ${certificateFile} (${nameOf(server)})`]
        : []),
    ];
  });
  return [...certificate, ...key];
}

const nameOf = ({ subject, subjectAltName }: X509Certificate): string =>
  (subject || subjectAltName || "without a name").replaceAll("\n", ", ");

function certificatesIn(text: string): [X509Certificate, ...X509Certificate[]] | string {
  const pems = text.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  try {
    const [first, ...others] = pems.map((pem) => new X509Certificate(pem));
    return first ? [first, ...others] : "has no certificate (PEM)";
  } catch {
    return "has a certificate that cannot be read";
  }
}

function keyIn(text: string): KeyObject | string {
  if (/-----BEGIN ENCRYPTED|^Proc-Type: 4,ENCRYPTED/m.test(text)) {
    return "must not be encrypted: HAProxy starts when nobody is there to unlock it";
  }
  try {
    return createPrivateKey(text);
  } catch {
    return "has no private key that can be read (PEM)";
  }
}

function datesFaults(c: X509Certificate, now: Date): string[] {
  if (now > new Date(c.validTo)) return [`${nameOf(c)} expired on ${c.validTo}`];
  if (now < new Date(c.validFrom)) return [`${nameOf(c)} is not valid before ${c.validFrom}`];
  return [];
}

/** Each must be signed by the next one: clients are sent the file as it is. */
const orderFaults = (chain: X509Certificate[]): string[] =>
  chain.flatMap((c, i) => {
    const signer = chain[i + 1];
    if (!signer || (c.checkIssued(signer) && c.verify(signer.publicKey))) return [];
    return [
      `${nameOf(c)} is not signed by the next one, ${nameOf(signer)}; the server's own comes first, then who signed it`,
    ];
  });

/** Clients look at the names in subjectAltName only. */
function useFaults(c: X509Certificate, vip: string | undefined): string[] {
  const faults: string[] = [];
  // Typed as always there; without the extension there is none.
  const uses = c.keyUsage as string[] | undefined;
  if (uses && !uses.includes(SERVER)) faults.push(`${nameOf(c)} is not for servers (serverAuth)`);
  const names = c.subjectAltName ?? "";
  if (!/\bDNS:/.test(names) && (vip === undefined || c.checkIP(vip) === undefined)) {
    faults.push(
      `${nameOf(c)} names neither a host nor ${vip ?? "the web VIP"} (subjectAltName); no client would accept it`,
    );
  }
  return faults;
}
