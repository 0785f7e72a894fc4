import type * as pulumi from "@pulumi/pulumi";

/** Where and how a client reaches its database: over TLS, with a certificate of the site's CA for `host`. */
export interface Database {
  /** The data VIP: HAProxy passes on to one synced node. */
  host: string;
  port: number;
  name: string;
  user: string;
  /** Secret. */
  password: pulumi.Output<string>;
  /** Known once the database can be used. */
  ready: pulumi.Output<string>;
}
