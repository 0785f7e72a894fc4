import type * as pulumi from "@pulumi/pulumi";
import type { SiteCertificates } from "../certificates";
import { LOG_WRITER, type LogShipping } from "./logs";

/** How the machines of a site send what they log to its monitors, once the certificate for it is there. */
export const shipping = (
  certificates: SiteCertificates,
  stores: LogShipping["stores"],
  port: number,
): pulumi.Output<LogShipping> =>
  certificates
    .of([{ name: LOG_WRITER }])
    .apply((pems) => ({ stores, port, certificate: pems[LOG_WRITER] ?? "" }));
