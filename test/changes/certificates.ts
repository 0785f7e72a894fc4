/** 4. Another certificate for the web VIP. */
import type { Case } from "../faults/cases";
import type { Cluster } from "../faults/cluster";
import { AUTHORITY, Certificates, server } from "../support/ownCertificate";
import { configure } from "../support/site";
import { scratch } from "./scratch";
import { failsWith, planned, toTakeBack, up, USUAL } from "./steps";
import { starts } from "./units";

/** The owner's authority, a certificate of the web VIP that it signed, and another key. */
let made: Certificates | undefined;

/** Makes them. @returns the authority (PEM), whom the clients of the suite trust besides the site's own */
export async function ownCertificates(): Promise<string> {
  made = new Certificates(scratch("certificates"));
  await made.make("authority", undefined, AUTHORITY);
  await made.make("site", "authority", server(`IP:${planned().vips.web}`));
  await made.make("other", "authority", server(`IP:${planned().vips.web}`));
  return made.read("authority.pem");
}

const tls = (certificate: string, key: string) => ({
  tls: {
    certificateFile: made?.file(`${certificate}.pem`),
    keyFile: made?.file(`${key}.key`),
  },
});

/** Serial number of the certificate that a client is shown at an address. */
const shown = async (c: Cluster, address: string): Promise<string> => {
  const ask = `openssl s_client -connect ${address}:443 </dev/null 2>/dev/null | openssl x509 -noout -serial`;
  return (await c.ask("client", ask)).stdout.trim();
};
/** At the VIP and at each HAProxy node. */
const allShown = (c: Cluster): Promise<string[]> =>
  Promise.all(
    [c.outputs.vips.web, ...Object.values(c.outputs.addresses["entry"] ?? {})].map((address) =>
      shown(c, address),
    ),
  );

export const certificateCases: Case[] = [
  {
    ...USUAL,
    name: "another certificate for the web VIP",
    fault: (c) =>
      toTakeBack(async () => {
        const before = await allShown(c);
        configure(tls("site", "site"));
        await up();
        const wanted = `serial=${made?.serial("site")}`;
        const wrong = (await allShown(c)).filter((serial) => serial !== wanted);
        if (wrong.length > 0 || before.includes(wanted)) {
          throw new Error(`clients are shown ${wrong.join(", ")}, and not ${wanted}`);
        }
      }),
  },
  {
    ...USUAL,
    name: "a certificate with another one's key is refused",
    fault: (c) =>
      toTakeBack(async () => {
        const before = JSON.stringify([await allShown(c), await starts(c)]);
        configure(tls("site", "other"));
        const reason =
          /tls\.keyFile = "\S+": is not the key of the first certificate in \S+site\.pem/;
        await failsWith(reason, up);
        if (JSON.stringify([await allShown(c), await starts(c)]) !== before) {
          throw new Error("something was changed");
        }
      }),
  },
];
