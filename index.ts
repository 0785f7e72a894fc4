import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import { Autoscaler } from "./components/autoscaler";
import { SiteCertificates } from "./components/certificates";
import { Compute } from "./components/compute";
import { Controllers } from "./components/controllers";
import { databaseConnections } from "./components/database";
import { Entry } from "./components/entry";
import { Membership } from "./components/entry/membership";
import { ExternalNodes } from "./components/externalNodes";
import { factsOf } from "./components/facts";
import { Galera } from "./components/galera";
import { everybody, firewall, largest, machinePackages, mountsHere } from "./components/house";
import { Login } from "./components/login";
import { Monitor } from "./components/monitor";
import { LOG_WRITER } from "./components/monitor/logs";
import { shipping } from "./components/monitor/shipping";
import { KeptRecord } from "./components/record";
import { Redis } from "./components/redis";
import { Share } from "./components/share";
import { SiteFiles } from "./components/siteFiles";
import { siteOutputs } from "./components/siteOutputs";
import { STATE_SHARE } from "./components/slurm";
import { reachedHosts } from "./components/slurm/nodeSsh";
import { imageOf, packagesOf } from "./components/slurm/packages";
import { wantedSite } from "./components/wantedSite";
import { Web } from "./components/web";
import { consoleAddress } from "./components/web/autoscaler";
import { makeDriver } from "./drivers";
import type { Machine } from "./drivers/machine";
import { hpcHome } from "./lib/home";
import { later } from "./lib/wait";
import { logStoreId } from "./toolchain/logStore";

/** Makes the site. @returns what it is made of and how to reach it */
async function site() {
  const { config, topology, services, releases, kept } = await wantedSite();
  const { ports, failoverPatience: patience, tls } = config;
  const { machines: specs, vips: vip, prefixLength, gateway } = topology;
  new KeptRecord("record", kept);

  const home = hpcHome();
  const place = {
    prefix: `${pulumi.getProject()}-${pulumi.getStack()}`,
    home,
    sshKeyFile: config.ssh.privateKeyFile,
    authorizedKeys: config.ssh.authorizedKeys,
  };
  const packages = machinePackages(config);
  const image = imageOf(config.slurm.packages);
  const driver = makeDriver("site", { ...config, place, prefixLength, gateway, packages, image });
  const facts = factsOf(config, topology);
  const [entryMachines, tellEntryMachines] = later<Machine[]>();
  const monitored = specs.monitor.length > 0;
  const nodeExporterPort = monitored ? ports.nodeExporter : undefined;
  const wall = firewall(config);
  const network = { interface: config.interface, prefixLength };

  const scaled = config.autoscaler.enabled;
  const consoleAt = scaled ? consoleAddress(config.autoscaler, config.cidr) : undefined;
  const certificates = new SiteCertificates("certificates", {
    site: place.prefix,
    subnet: config.cidr,
    webVip: vip.web,
    dataVip: vip.data,
    console: consoleAt,
    members: [
      { specs: specs.redis, client: false },
      { specs: specs.galera, client: true },
    ],
    logs: monitored ? { stores: specs.monitor, writer: LOG_WRITER } : undefined,
    owner: tls && {
      chain: readFileSync(tls.certificateFile, "utf8"),
      key: readFileSync(tls.keyFile, "utf8"),
    },
  });
  const logs = monitored ? shipping(certificates, specs.monitor, ports.logs) : undefined;
  const fleet = {
    ...{ driver, place, firewall: wall, facts, entry: entryMachines },
    ...{ nodeExporterPort, logs },
  };

  // Data tier, and the entry through which all others reach it.
  const redis = new Redis("redis", { fleet, specs: specs.redis, certificates, ports, patience });
  const galera = new Galera("galera", {
    fleet,
    specs: specs.galera,
    certificates,
    ports,
    host: vip.data,
    patience,
    connections: databaseConnections(config.web.max, config.services.length),
    databases: [
      { name: "portal", user: "portal" },
      { name: "slurm_acct_db", user: "slurm" },
    ],
  });
  const { rest } = config.slurm;
  const slurmRest = {
    servers: specs.controllers,
    port: ports.slurmrestd,
    ...(rest.portal && { tokensPort: ports.slurmTokens }),
  };
  const entry = new Entry("entry", {
    fleet,
    specs: specs.entry,
    settings: {
      ...network,
      services: config.services,
      pool: config.web,
      vips: vip,
      vrrp: config.vrrp,
      patience,
      ports,
      redis: specs.redis,
      galera: specs.galera,
      ...(rest.enabled && { slurmRest }),
    },
    certificates,
    redisPassword: redis.password,
  });
  tellEntryMachines(entry.machines);

  // Stateful half: the Slurm control plane and its nodes.
  const share = new Share("share", {
    fleet,
    specs: specs.share,
    clients: specs.controllers.map((spec) => spec.address),
    target: STATE_SHARE,
  });
  const { slurm, users, mounts } = config;
  const cluster = { ...specs, slurm, users, ports, vip: vip.slurm, patience };
  const controllers = new Controllers("controllers", {
    fleet,
    specs: specs.controllers,
    share,
    cluster,
    settings: {
      ...network,
      packages: slurm.packages,
      purge: slurm.purge,
      drainSeconds: slurm.drainSeconds,
      resubmitLost: slurm.resubmitLost,
      mail: slurm.mail,
      routerId: slurm.routerId,
      advertSeconds: config.vrrp.advertSeconds,
      patience,
    },
    fencePort: ports.fence,
    database: galera.database("slurm_acct_db", entry.ready),
    ca: certificates.ca,
  });
  const compute = new Compute("compute", {
    fleet,
    specs: specs.compute,
    cluster,
    mounts,
    controllers,
  });
  new ExternalNodes("external-nodes", { fleet, cluster, controllers });
  const login = new Login("login", { fleet, specs: specs.login, cluster, mounts, controllers });

  // Stateless half: the web pool, and who of it serves users.
  const web = new Web("web", {
    entry,
    fleet,
    specs: specs.web,
    services,
    redis: { host: vip.data, port: ports.redis, password: redis.password },
    database: galera.database("portal", entry.ready),
    slurm: rest.portal && {
      service: rest.portal.service,
      url: `http://${vip.data}:${ports.slurmrestd}`,
      api: packagesOf(config.slurm.packages).rest.api,
      secret: controllers.portalKey,
    },
    ca: certificates.ca,
    nodeExporter: { port: ports.nodeExporter, vcpus: config.sizes.web.vcpus },
  });
  const membership = new Membership(
    "entry-membership",
    {
      entry: entry.machines,
      web,
      services: config.services,
      webVip: vip.web,
      pool: config.web,
      patience,
      sshKeyFile: place.sshKeyFile,
    },
    { parent: entry, dependsOn: [entry, web].flatMap((tier) => tier.configuration ?? []) },
  );

  const autoscaler = scaled
    ? new Autoscaler("autoscaler", {
        config: config.autoscaler,
        certificates,
        web: largest(config, "web"),
        ports,
        mountsHere: mountsHere(config),
      })
    : undefined;

  const tiers = [share, galera, redis, entry, web, controllers, compute, login];
  // Last: nobody waits for who watches.
  const monitor = monitored
    ? new Monitor("monitor", {
        fleet,
        specs: specs.monitor,
        certificates,
        logStore: logStoreId(),
        following: tiers,
        settings: {
          config: config.monitor,
          machines: everybody(config),
          users: { web: vip.web, data: vip.data, services: config.services },
          ports,
          rules: {
            services: config.services.map(({ name }) => name),
            drainSeconds: config.web.drainSeconds,
            monitors: specs.monitor.length,
            hypervisors: Object.keys(config.monitor.hypervisors).length > 0,
          },
        },
      })
    : undefined;

  const reached = reachedHosts(slurm);
  const machines = tiers.flatMap((tier) => tier.machines).concat(monitor?.machines ?? []);
  const files = new SiteFiles("files", { place, machines, caCertificate: certificates.webCa });

  return {
    ...siteOutputs({ config, facts, files, sshKeyFile: place.sshKeyFile, driver, releases }),
    /** Password of the portal's first user. */
    portalPassword: web.adminPassword,
    /** What the autoscaler's service reads; its passwords are those of the console. */
    ...(autoscaler && { autoscaler: autoscaler.told }),
    /** How the owner's machines are reached, for `npx hpc restart`; there may be keys in it. */
    ...(reached.length > 0 && { externalHosts: pulumi.secret(reached) }),
    /** What the services run: what `npm run image` puts into the image of new machines. */
    releases,
    /** Who is in rotation, as the last change left it. */
    rotation: membership.summary,
  };
}

export = site;
