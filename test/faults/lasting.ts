/** Faults that last until they are mended, so that somebody is told of them; the suite's own are over before that. */
import type { Expected } from "../support/deliveries";
import type { Case } from "./cases";
import type { Cluster } from "./cluster";

export type Lasting = Pick<Case, "name" | "fault"> & { alerts: Expected[] };

/** A machine of a tier that has not this part. */
const spare = (c: Cluster, tier: string, holder: string): string => {
  const name = Object.keys(c.outputs.addresses[tier] ?? {}).find((one) => one !== holder);
  if (name === undefined) throw new Error(`${tier} has no spare`);
  return name;
};

/** Units are stopped on some machines, as by somebody who forgets to start them again. */
const stopped =
  (who: (c: Cluster) => Promise<string[]> | string[], ...units: string[]): Case["fault"] =>
  async (c) => {
    const names = await who(c);
    const all = (verb: string) => () =>
      Promise.all(names.map((name) => c.shell(name, `systemctl ${verb} ${units.join(" ")}`)));
    await all("stop")();
    return all("start");
  };

const CERTIFICATE = "/etc/haproxy/site.pem";
const SOCKET = "socat -t 10 - /run/haproxy/admin.sock";
/** HAProxy takes what is in a file for its certificate; the one that it starts with stays what it is. */
const present = (file: string) =>
  `{ echo 'set ssl cert ${CERTIFICATE} <<'; grep . ${file}; echo; } | ${SOCKET} && ` +
  `echo 'commit ssl cert ${CERTIFICATE}' | ${SOCKET} | grep -q Success`;
const ENDED = "/run/ended";
/** A certificate that was good until yesterday, with its key. */
const MAKE_ENDED =
  "openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -subj /CN=ended " +
  `-keyout ${ENDED}.key -out ${ENDED}.csr 2>/dev/null && ` +
  `openssl x509 -req -in ${ENDED}.csr -signkey ${ENDED}.key -days -1 -out ${ENDED}.crt 2>/dev/null && ` +
  `cat ${ENDED}.crt ${ENDED}.key >${ENDED}.pem`;

const DISK = "/mnt/filling";
/** It has a view of the mounts of its own, as of its start: in a container it hears of no later ones. */
const LOOK_AGAIN = "systemctl restart prometheus-node-exporter";
/**
 * A disk that fills up. It is in memory, which no exporter tells of; what lies over it is told of as a disk is. The lab's
 * own disk is the host's, and not filled.
 */
const FILL =
  `mkdir -p ${DISK} /run/filling && mount -t tmpfs -o size=16M tmpfs /run/filling && ` +
  "mkdir /run/filling/lower /run/filling/upper /run/filling/work && mount -t overlay overlay " +
  `-o lowerdir=/run/filling/lower,upperdir=/run/filling/upper,workdir=/run/filling/work ${DISK} && ` +
  `! dd if=/dev/zero of=${DISK}/filler bs=64k 2>/dev/null && ${LOOK_AGAIN}`;
const EMPTY = `umount ${DISK} && umount /run/filling && ${LOOK_AGAIN} && rmdir ${DISK} /run/filling`;

const unit = (name: string, series: number): Expected => ({
  alert: "UnitNotRunning",
  of: [`${name}.service`],
  series,
});

/** A program of each tier, a certificate and a disk: no two of them are in each other's way. */
export const PARTS: Lasting[] = [
  {
    name: "Redis stopped on a replica",
    fault: stopped(async (c) => [spare(c, "redis", await c.serving("redis"))], "redis-server"),
    alerts: [unit("redis-server", 1), { alert: "RedisReplicaMissing", series: 1 }],
  },
  {
    name: "MariaDB stopped on a node that does not serve",
    fault: stopped(async (c) => [spare(c, "galera", await c.serving("galera"))], "mariadb"),
    alerts: [
      unit("mariadb", 1),
      { alert: "GaleraServerDown", series: 1 },
      { alert: "GaleraSmall", series: 1 },
    ],
  },
  {
    name: "HAProxy stopped where the web VIP is not",
    fault: stopped(async (c) => [spare(c, "entry", await c.holder("web"))], "haproxy"),
    alerts: [unit("haproxy", 1), { alert: "EntrySilent", series: 1 }],
  },
  {
    name: "keepalived stopped on both controllers: no VIP, no slurmctld",
    fault: stopped((c) => Object.keys(c.outputs.addresses["controllers"] ?? {}), "keepalived"),
    alerts: [
      unit("keepalived", 2),
      { alert: "VipNobody", of: ["slurm"], series: 1 },
      { alert: "SlurmctldAbsent", series: 1 },
    ],
  },
  {
    name: "slurmdbd stopped on the second controller",
    fault: stopped(() => ["slurm-m2"], "slurmdbd"),
    alerts: [unit("slurmdbd", 1)],
  },
  {
    name: "a web service stopped on all nodes",
    fault: stopped((c) => Object.keys(c.outputs.addresses["web"] ?? {}), "hpc-web@app"),
    alerts: [
      unit("hpc-web@app", 2),
      { alert: "ServiceDown", series: 1 },
      { alert: "ServiceUnreachable", series: 1 },
      { alert: "WebServerDown", series: 2 },
    ],
  },
  {
    name: "the certificate has ended",
    fault: async (c) => {
      const name = await c.holder("web");
      await c.shell(name, `${MAKE_ENDED} && ${present(`${ENDED}.pem`)}`);
      return () => c.shell(name, `${present(CERTIFICATE)} && rm ${ENDED}.*`);
    },
    // As asked by itself, and at the VIP.
    alerts: [{ alert: "CertificateEnded", series: 2 }],
  },
  {
    name: "a disk fills up",
    fault: async (c) => {
      await c.shell("client", FILL);
      return () => c.shell("client", EMPTY);
    },
    alerts: [{ alert: "DiskFull", of: [DISK], series: 1 }],
  },
];

/** A compute node loses its power. */
export const COMPUTE: Lasting = {
  name: "compute node killed",
  fault: async (c) => {
    const name = spare(c, "compute", "");
    await c.killMachine(name);
    return () => c.startMachine(name);
  },
  alerts: [{ alert: "MachineDown", series: 1 }],
};
