import { z } from "zod";
import { inSubnet } from "../../plan/addresses";
import { seconds } from "../../plan/config";
import { tcp } from "../../plan/rule";
import { NO_KEYS } from "../../plan/tier";
import type { Tier } from "../tier";
import { autoscalerSchema, checkAutoscaler } from "./autoscaler";
import { pool, poolFaults } from "./pool";
import { roll } from "./roll";
import { NODE_EXPORTER } from "../units";
import { webUnit } from "./units";
import { checkServices, servicesSchema } from "./services";

const keys = {
  ...NO_KEYS,
  /** Metrics of the node itself. */
  ports: { nodeExporter: 9100 },
  settings: {
    /** Size of the web pool: the one number that scales it, unless the autoscaler does; web.min <= n <= web.max. Required. */
    webReplicas: z.int("allowed is a whole number from web.min to web.max"),
    web: z
      .strictObject({
        /** Smallest pool. Default 2 (requirements: one may fail). */
        min: z.int().min(1).default(2),
        /** Largest pool and number of HAProxy slots; up to 79 fit the default addresses. Default 10. */
        max: z.int().min(1).max(500).default(10),
        /** Address of web1; those of the others follow. Default: host number 21 of the subnet. */
        firstAddress: z.ipv4().optional(),
        /** Longest wait for connections to end before a node is taken out, s. Default 300. */
        drainSeconds: seconds.default(300),
        /** Longest wait for a new node to answer its health check, s. Default 60. */
        readySeconds: seconds.default(60),
      })
      .prefault({}),
    autoscaler: autoscalerSchema,
    /** Members in so many words: of a run, never of a config file (pool.ts). */
    webPool: z.array(z.string()).optional(),
    services: servicesSchema,
  },
};

/** The web nodes: as many as the stack config says, or the autoscaler. */
export const web: Tier<typeof keys> = {
  keys,
  naming: { name: "web", firstHost: 21, firstHypervisor: 5 },
  size: { vcpus: 4, memoryMiB: 8192 },
  chosen: pool,
  most: ({ web }) => web.max,
  firstAddress: ({ web }) => web.firstAddress,
  letsIn: ({ config: { services, ports }, of }) => [
    ...services.map((s) => tcp(s.name, s.port, of("entry"))),
    // The autoscaler asks from there.
    tcp("metrics", ports.nodeExporter, of("entry")),
  ],
  packages: ["nodejs", "prometheus-node-exporter"],
  check: ({ web, webReplicas: n, services, ports, cidr, autoscaler, webPool }, files) => {
    const faults = services ? checkServices(services, files) : [];
    services?.forEach(({ port }, i) => {
      if (port !== ports?.nodeExporter) return;
      faults.push(
        `services.${i}.port = ${port}: already ports.nodeExporter on the machines of web; must be unique there`,
      );
    });
    if (!web) return faults;
    if (autoscaler) {
      faults.push(...checkAutoscaler(autoscaler, web, cidr));
      if (n !== undefined) faults.push(...poolFaults({ webReplicas: n, web, autoscaler, webPool }));
    }
    const { min, max, firstAddress } = web;
    if (min > max) {
      faults.push(`web.min = ${min}: must not be above web.max = ${max}`);
    } else if (n !== undefined && (n < min || n > max)) {
      faults.push(`webReplicas = ${n}: allowed is ${min} to ${max} (web.min, web.max)`);
    }
    if (firstAddress !== undefined && cidr !== undefined && !inSubnet(firstAddress, cidr)) {
      faults.push(`web.firstAddress = "${firstAddress}": must be inside ${cidr}`);
    }
    return faults;
  },
  units: ({ services }) => [...Object.keys(services).map(webUnit), NODE_EXPORTER],
  roll,
  independent: true,
};
