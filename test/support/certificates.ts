import * as pulumi from "@pulumi/pulumi";
import type { SiteCertificates } from "../../components/certificates";

/** Certificates as a tier gets them, without anybody who makes them. */
export const certificates = {
  ca: pulumi.output("the CA"),
  web: pulumi.secret("the key of web"),
  of: (owners: { name: string }[]) =>
    pulumi.secret(Object.fromEntries(owners.map(({ name }) => [name, `the key of ${name}`]))),
} as unknown as SiteCertificates;
