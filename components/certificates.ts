import { local } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import type { CertificateRequest, Issued, Purpose } from "../programs/certificates";

/** Where a machine that talks to Redis or MariaDB has the site's CA certificate; not among those of the distribution. */
export const CA_FILE = "/etc/ssl/site-ca.pem";
const WEB = "web";
/** Owner of the certificate of the autoscaler's console. */
export const CONSOLE = "console";
/** Longest name of a site: with " CA" it is a common name, which X.509 limits to 64 characters. */
export const LONGEST_SITE = 61;

export interface SiteCertificatesArgs {
  /** Name of the site, for people who look at the CA. */
  site: string;
  /** Subnet (CIDR): the CA can sign for no address outside. */
  subnet: string;
  webVip: string;
  /** Address at which clients verify the data tier, besides each machine's own. */
  dataVip: string;
  /** Machines of the data tier: whether they also show their certificate as clients, as Galera's members do. */
  members: { specs: { name: string; address: string }[]; client: boolean }[];
  /** Machines that keep the logs of all, and the owner of the certificate by which they know who may write. */
  logs?: { stores: { name: string; address: string }[]; writer: string } | undefined;
  /** Address of the autoscaler's console. Default: there is none. */
  console?: string | undefined;
  /** The owner's certificate with its chain, and its key (PEM), for the web VIP. Default: one of the site's CA. */
  owner?: { chain: string; key: string };
}

/**
 * The site's own CA, and a certificate for the web VIP and each Redis and Galera machine. The CA lives as long as the
 * stack: certificates that come later or change are trusted by all who trust the present ones. The owner's
 * certificate (config `tls`) takes the place of the web VIP's and of no other.
 */
export class SiteCertificates extends pulumi.ComponentResource {
  /** What clients verify Redis and MariaDB with (PEM). */
  readonly ca: pulumi.Output<string>;
  /** What clients verify the web VIP with (PEM): the same, or the owner's chain. */
  readonly webCa: pulumi.Output<string>;
  /** Certificate, chain and key of the web VIP (PEM). Secret. */
  readonly web: pulumi.Output<string>;
  private readonly issued: pulumi.Output<Issued>;

  constructor(name: string, args: SiteCertificatesArgs, opts?: pulumi.ComponentResourceOptions) {
    super("hpc-ha:site:SiteCertificates", name, {}, opts);
    const script = "node --import tsx programs/certificates.ts";
    const made = new local.Command(
      `${name}-issued`,
      {
        create: script,
        update: script,
        stdin: JSON.stringify(certificateRequest(args)),
        // What was issued before comes back to the update, which keeps it.
        addPreviousOutputInEnv: true,
        // Private keys are in stdout.
        logging: local.Logging.None,
      },
      { parent: this, additionalSecretOutputs: ["stdout"] },
    );
    this.issued = made.stdout.apply((text) => JSON.parse(text) as Issued);
    this.ca = pulumi.unsecret(this.issued.apply(({ ca }) => ca));
    if (args.owner) {
      const { chain, key } = args.owner;
      this.webCa = pulumi.output(chain);
      this.web = pulumi.secret(`${chain.trimEnd()}\n${key.trimEnd()}\n`);
    } else {
      this.webCa = this.ca;
      this.web = this.of([{ name: WEB }]).apply((pems) => pems[WEB] ?? "");
    }
    this.registerOutputs({ ca: this.ca, webCa: this.webCa });
  }

  /** Certificate, chain and key (PEM) of each of these machines, by name. Secret. */
  of(owners: { name: string }[]): pulumi.Output<Record<string, string>> {
    return this.issued.apply(({ certificates }) =>
      Object.fromEntries(owners.map(({ name }) => [name, certificates[name]?.pem ?? ""])),
    );
  }
}

/** What the site needs: for each machine of the data tier the data VIP, at which clients verify it, and its own address. */
const certificateRequest = ({
  site,
  subnet,
  webVip,
  dataVip,
  members,
  logs,
  console,
  owner,
}: SiteCertificatesArgs): CertificateRequest => ({
  site,
  subnet,
  certificates: {
    ...(owner ? {} : { [WEB]: { addresses: [webVip], client: false } }),
    ...(logs && {
      ...Object.fromEntries(
        logs.stores.map(({ name, address }): [string, Purpose] => [
          name,
          { addresses: [address], client: false },
        ]),
      ),
      // Nobody is reached by it.
      [logs.writer]: { addresses: [], client: true },
    }),
    ...(console === undefined ? {} : { [CONSOLE]: { addresses: [console], client: false } }),
    ...Object.fromEntries(
      members.flatMap(({ specs, client }) =>
        specs.map(({ name, address }): [string, Purpose] => [
          name,
          { addresses: [dataVip, address], client },
        ]),
      ),
    ),
  },
});
