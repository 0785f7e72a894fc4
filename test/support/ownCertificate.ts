import { X509Certificate } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import execa from "execa";

/** Certificates and keys (PEM) as an owner gets them from elsewhere, in a directory of their own. */
export class Certificates {
  constructor(readonly directory = mkdtempSync(path.join(tmpdir(), "hpc-ha-unit-"))) {
    mkdirSync(directory, { recursive: true });
  }
  file = (name: string) => path.join(this.directory, name);
  read = (name: string) => readFileSync(this.file(name), "utf8");
  /** As OpenSSL says it. */
  serial = (name: string) => new X509Certificate(this.read(`${name}.pem`)).serialNumber;
  remove = () => rmSync(this.directory, { recursive: true });

  /**
   * Makes `<name>.pem` and `<name>.key`.
   * @param signer name of the one that signs it; undefined: it signs itself
   * @param extensions as OpenSSL writes them
   */
  async make(name: string, signer: string | undefined, extensions: string[], ...key: string[]) {
    const algorithm =
      key.length > 0 ? key : ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"];
    const by = signer === undefined ? [] : ["-CA", `${signer}.pem`, "-CAkey", `${signer}.key`];
    await execa(
      "openssl",
      [
        ...["req", "-x509", "-noenc", "-days", "30", "-subj", `/CN=${name}`, ...algorithm],
        ...["-keyout", `${name}.key`, "-out", `${name}.pem`, ...by],
        ...extensions.flatMap((extension) => ["-addext", extension]),
      ],
      { cwd: this.directory },
    );
  }
}

export const AUTHORITY = ["basicConstraints=critical,CA:true"];
/** Extensions of a server's certificate. @param names as subjectAltName has them */
export const server = (names: string) => ["basicConstraints=CA:false", `subjectAltName=${names}`];
