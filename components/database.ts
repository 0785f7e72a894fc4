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

/** Connections that one service may keep on one web node: the portal has 3, the pools of common libraries 5. */
const SERVICE_CONNECTIONS = 5;
/** For slurmdbd on both controllers, people and Ansible. */
const OTHER_CONNECTIONS = 60;
/** Connections are counted up to the next multiple, so that a service more seldom restarts the database. */
const STEP = 250;
/** Memory of a connection at work, MiB: measured 0.12 idle and 0.35 after a query with a sort. */
const CONNECTION_MIB = 0.5;
/** Their part of a machine; its cache has half. */
const CONNECTIONS_SHARE = 0.25;

/**
 * Connections that the database takes. 500 for ten web nodes with eight services.
 * @param webMax most web nodes; a node more is there while they are replaced
 */
export const databaseConnections = (webMax: number, services: number): number =>
  Math.ceil((SERVICE_CONNECTIONS * services * (webMax + 1) + OTHER_CONNECTIONS) / STEP) * STEP;

/** Memory that a machine of the database needs for so many, MiB. */
export const memoryFor = (connections: number): number =>
  Math.ceil((connections * CONNECTION_MIB) / CONNECTIONS_SHARE);
