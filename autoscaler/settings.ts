import type { AutoscalerConfig } from "../components/web/autoscaler";
import type { SshAccess } from "../lib/ssh";

interface NamedAddress {
  name: string;
  address: string;
}

/** What the service is told about its site; see `site.ts`. */
export interface ServiceSettings {
  /** Name of the site, as alerts and the page have it. */
  site: string;
  /** The stack that it updates. */
  stack: string;
  /** The clone that it updates with, absolute. */
  projectRoot: string;
  /** `HPC_HA_HOME`, absolute. */
  home: string;
  /** The stack config's key `autoscaler`. */
  config: AutoscalerConfig;
  /** `web.min` and `web.max`. */
  limits: { min: number; max: number };
  /** HAProxy nodes. */
  entry: NamedAddress[];
  /** Machines that watch the site; none where it has no monitor. */
  monitors: NamedAddress[];
  /** Web nodes that there may be, `limits.max` of them, by number. */
  web: NamedAddress[];
  /** Names of those that there are, as the last update began. */
  pool: string[];
  /** Web services: names of HAProxy's backends. */
  backends: string[];
  /** The site's ports by name. */
  ports: Record<string, number>;
  /** How machines are logged in to. */
  ssh: SshAccess;
  /** Who may use the page, and what it shows that it is the site's. */
  console: {
    /** Address of this machine that it is served at. */
    address: string;
    users: {
      name: string;
      /** An operator may hold, pause and scale; a viewer looks. */
      role: "viewer" | "operator";
      /** Of scrypt, as the console checks it. */
      passwordHash: string;
    }[];
    /** PEM. */
    tls: { cert: string; key: string };
  };
}
