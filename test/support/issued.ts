import type { CertificateRequest } from "../../programs/certificates";

/** What the certificate maker would say: a key of its own for each that is asked for. */
export function issued(request: string) {
  const { certificates } = JSON.parse(request) as CertificateRequest;
  const pems = Object.keys(certificates).map(
    (owner) => [owner, { pem: `the key of ${owner}` }] as const,
  );
  return { ca: "the CA", caKey: "the key of the CA", certificates: Object.fromEntries(pems) };
}
