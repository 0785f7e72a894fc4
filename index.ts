import * as pulumi from "@pulumi/pulumi";
import { SiteCertificates } from "./components/certificates";
import { Galera } from "./components/galera";
import { HaproxyTier } from "./components/entry";
import { makeHypervisors } from "./drivers/vm/hypervisors";
import { SiteNetwork } from "./drivers/network";
import { RedisSentinel } from "./components/redis";
import { makeSite } from "./components/site";
import { SiteFiles } from "./components/siteFiles";
import { SlurmCompute } from "./components/compute";
import { SlurmMasters } from "./components/controllers";
import { loadConfig } from "./components/stackConfig";
import { plan } from "./plan/topology";
import { PORTAL_ADMIN, WebPool } from "./components/web";
import { enforcePolicy } from "./policy/enforce";

const config = loadConfig();
enforcePolicy({ config, topology: plan(config) });
const hypervisors = makeHypervisors("host", config);
const network = new SiteNetwork("site", {
  config,
  networkName: `${pulumi.getProject()}-${pulumi.getStack()}`,
  provider: hypervisors?.first,
});
const site = makeSite(config, network, hypervisors);

const certificates = new SiteCertificates("certificates", { site });

// Data tier, and the entry through which all others reach it.
const redis = new RedisSentinel("redis", { site, certificates });
const galera = new Galera("galera", {
  site,
  certificates,
  databases: [
    { name: "portal", user: "portal" },
    { name: "slurm_acct_db", user: "slurm" },
  ],
});
const entry = new HaproxyTier("entry", { site, certificates, redisPassword: redis.password });

// Stateful half: the Slurm control plane and its nodes.
const masters = new SlurmMasters("slurm", {
  site,
  database: galera.database("slurm_acct_db", entry.ready),
  ca: certificates.ca,
});
const compute = new SlurmCompute("compute", { site, masters });

// Stateless half: the web pool, and who of it serves users.
const pool = new WebPool("web", {
  site,
  redisPassword: redis.password,
  database: galera.database("portal", entry.ready),
  ca: certificates.ca,
});
const membership = entry.membership(pool.machines, pool.runs);

const machines = [redis, galera, entry, masters.share, masters, compute, pool].flatMap(
  (tier) => tier.machines,
);
const files = new SiteFiles("files", { site, machines, caCertificate: certificates.webCa });

const { slurmVip, webVip, dataVip } = site.topology;
const port = config.ports.https === 443 ? "" : `:${config.ports.https}`;

/** Addresses of the machines, by role and name. */
export const addresses: Record<string, Record<string, string>> = {};
for (const { spec } of machines) (addresses[spec.role] ??= {})[spec.name] = spec.address;
/** Virtual addresses: Slurm's controller, the web entry, the Redis master and a synced database node. */
export const vips = { slurm: slurmVip, web: webVip, data: dataVip };
/** Where each web service is. */
export const urls = Object.fromEntries(
  config.services.map((s) => [s.name, `https://${webVip}${port}${s.path}`]),
);
/** Number of web nodes and its limits. */
export const webPool = {
  size: config.webReplicas,
  min: config.web.min,
  max: config.web.max,
};
/** Ansible inventory of the site. */
export const inventoryFile = files.inventory;
/** What browsers and `curl --cacert` verify the web entry with. */
export const caFile = files.ca;
/** Command that logs in to a machine; put its address for ADDRESS. */
export const login = pulumi.interpolate`ssh -i ${site.sshKeyFile} -o UserKnownHostsFile=${files.knownHosts} root@ADDRESS`;
/** First user of the sample portal. */
export const portalUser = PORTAL_ADMIN;
export const portalPassword = pool.adminPassword;
/** Who is in rotation, as the last change left it. */
export const rotation = membership.summary;
