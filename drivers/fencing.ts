import { existsSync } from "node:fs";
import { local } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { gateway } from "../plan/addresses";
import type { Site } from "../components/site";
import { fenceAddressOf, hypervisorsOf, type MachineSpec } from "../plan/topology";
import type { FenceConfiguration } from "./fenceConfiguration";
import { FenceDaemon } from "./container/fenceDaemon";
import {
  fenceServiceName,
  type FenceServiceRequest,
  localUri,
  sshOf,
} from "../programs/fenceService";
import { domainName, machineDirectory } from "./paths";

export interface FencingArgs {
  site: Site;
  /** Machines of one set: each may switch off the others, and nobody else may. */
  machines: MachineSpec[];
}

/** Where a machine is switched off: fence_virtd of its hypervisor, and libvirt's name of it. */
export interface FenceTarget {
  machine: string;
  address: string;
  port: number;
  domain: string;
}

/**
 * Lets the members of a set switch each other off through their hypervisors, by a fence_virtd on each: it takes signed
 * requests from the members' addresses only, and for the members' machines on it only.
 */
export class Fencing extends pulumi.ComponentResource {
  /** Text that requests are signed with. Secret. */
  readonly key: pulumi.Output<string>;
  /** For each machine; known once the daemon answers. */
  readonly targets: pulumi.Output<FenceTarget[]>;

  constructor(name: string, args: FencingArgs, opts?: pulumi.ComponentResourceOptions) {
    super("hpc-ha:machine:Fencing", name, {}, opts);
    const { site, machines } = args;
    this.key = new random.RandomBytes(`${name}-key`, { length: 64 }, { parent: this }).base64;
    const { driver, ports } = site.config;
    const uris = driver === "vm" ? hypervisorsOf(site.config) : { host: "lxc:///system" };
    const targets = Object.entries(uris).flatMap(([hypervisor, uri]) => {
      const here = machines.filter((spec) => driver !== "vm" || spec.hypervisor === hypervisor);
      if (here.length === 0) return [];
      const daemon = {
        uri: localUri(uri),
        address:
          driver === "vm" ? fenceAddressOf(site.config, hypervisor) : gateway(site.config.cidr),
        port: ports.fence,
        sources: machines.map((spec) => spec.address),
        domains: here.map((spec) => domainName(site, spec)),
      };
      const suffix = driver === "vm" ? `-${hypervisor}` : "";
      const started = this.daemon(
        { resource: `${name}${suffix}`, service: fenceServiceName(site.prefix, hypervisor) },
        site,
        uri,
        daemon,
      );
      return here.map((spec) =>
        started.apply(() => ({
          machine: spec.name,
          address: daemon.address,
          port: daemon.port,
          domain: domainName(site, spec),
        })),
      );
    });
    this.targets = pulumi.all(targets);
    this.registerOutputs({ targets: this.targets });
  }

  /** fence_virtd of one hypervisor; known once it answers. */
  private daemon(
    names: { resource: string; service: string },
    site: Site,
    uri: string,
    daemon: FenceConfiguration,
  ): pulumi.Output<string> {
    const ssh = sshOf(uri);
    const service = site.config.driver === "vm" && (ssh.length > 0 || existsSync(SYSTEMD));
    if (!service) {
      return new FenceDaemon(
        `${names.resource}-daemon`,
        {
          ...daemon,
          directory: machineDirectory(site, names.resource),
          key: this.key,
          network: site.network.resource ? site.network.name : "",
        },
        { parent: this },
      ).id;
    }
    const script = "node --import tsx programs/fenceService.ts";
    return new local.Command(
      `${names.resource}-service`,
      {
        create: `${script} apply`,
        update: `${script} apply`,
        delete: `${script} remove`,
        stdin: pulumi.secret(this.key).apply((key) =>
          JSON.stringify({
            ...daemon,
            name: names.service,
            ssh,
            key,
          } satisfies FenceServiceRequest),
        ),
        addPreviousOutputInEnv: false,
      },
      { parent: this },
    ).id;
  }
}

/** There where systemd is the init system: a service outlives a reboot. */
const SYSTEMD = "/run/systemd/system";
