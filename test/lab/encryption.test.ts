import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { StackOutputs } from "../../site/stack";
import { issue } from "../../programs/certificates";
import { CA_FILE } from "../../components/certificates";
import { Cluster } from "../faults/cluster";
import { pace } from "../support/pace";
import { playbookVars, webSettings } from "../support/playbooks";
import { addressOf, ask, baseState, eventually, on } from "../support/site";

let outputs: StackOutputs;
let settings: Awaited<ReturnType<typeof webSettings>>;
const REDIS = ["redis1", "redis2", "redis3"];
const GALERA = ["galera1", "galera2", "galera3"];
let ports: Record<"redis" | "sentinel" | "mysql" | "galera", number>;
const WRONG = "/root/wrong-ca.pem";

beforeAll(async () => {
  outputs = await baseState();
  settings = await webSettings();
  const [forRedis, forGalera] = [await playbookVars("redis.yml"), await playbookVars("galera.yml")];
  ports = {
    redis: Number(forRedis["redis_port"]),
    sentinel: Number(forRedis["redis_sentinel_port"]),
    mysql: Number(forGalera["galera_port"]),
    galera: Number(forGalera["galera_replication_port"]),
  };
  const wrong = issue({ site: "other", subnet: "198.18.0.0/15", certificates: {} }).ca;
  for (const machine of ["web1", "haproxy1"]) {
    // Removed again below: nobody but this file reads it.
    await ask(outputs, machine, `cat > ${WRONG}`, { input: wrong });
  }
});
afterAll(() => Promise.all(["web1", "haproxy1"].map((m) => ask(outputs, m, `rm -f ${WRONG}`))));

/** Runs a client with the right password; all that it said. Each asks from where it would also be let in. */
async function client(
  machine: string,
  variable: "REDISCLI_AUTH" | "MYSQL_PWD",
  command: string,
): Promise<string> {
  const password =
    settings.environment[variable === "MYSQL_PWD" ? "DB_PASSWORD" : "REDIS_PASSWORD"];
  const script = `read -r ${variable}; export ${variable}; timeout ${Math.ceil(10 * pace())} ${command} 2>&1`;
  const input = `${String(password)}\n`;
  return (await ask(outputs, machine, script, { input, reject: false })).stdout;
}
const isVip = (host: string) => host === outputs.vips.data;
const redis = (host: string, port: number, options: string) =>
  client(
    isVip(host) ? "web1" : "redis1",
    "REDISCLI_AUTH",
    `redis-cli -h ${host} -p ${port} ${options} ping`,
  );
const sql = (host: string, options: string) =>
  client(
    isVip(host) ? "web1" : "haproxy1",
    "MYSQL_PWD",
    `mariadb --no-defaults ${options} -h ${host} -P ${ports.mysql} -u ${settings.environment["DB_USER"]} -N -e "SHOW STATUS LIKE 'Ssl_version'"`,
  );
/** Asks several machines at the same time. */
const each = <T>(these: readonly T[], look: (one: T) => Promise<void>) =>
  Promise.all(these.map(look));
const addressesOf = (machines: string[]) => machines.map((m) => addressOf(outputs, m));
/** What an openssl client is told at a port; it waits a moment for the answer to its own certificate. */
const tls = async (machine: string, address: string, options: string): Promise<string> => {
  const [wait, most] = [pace(), Math.ceil(5 * pace())];
  const command = `sleep ${wait} | timeout ${most} openssl s_client -connect ${address} ${options} 2>&1`;
  return (await ask(outputs, machine, command, { reject: false })).stdout;
};

describe("Redis and Sentinel", () => {
  it("talk to nobody without TLS, right password or not", async () => {
    const entries = [
      ...[outputs.vips.data, ...addressesOf(REDIS)].map((host) => [host, ports.redis] as const),
      ...addressesOf(REDIS).map((host) => [host, ports.sentinel] as const),
    ];
    await each(entries, async ([host, port]) => {
      expect([host, port, await redis(host, port, "")]).toEqual([
        host,
        port,
        expect.stringMatching(/reset by peer|closed the connection/),
      ]);
    });
  });

  it("serve over TLS who trusts the site's CA, and not who trusts another", async () => {
    expect(await redis(outputs.vips.data, ports.redis, `--tls --cacert ${CA_FILE}`)).toBe("PONG");
    await each(addressesOf(REDIS), async (host) => {
      expect(await redis(host, ports.sentinel, `--tls --cacert ${CA_FILE}`)).toBe("PONG");
    });
    const wrong = await redis(outputs.vips.data, ports.redis, `--tls --cacert ${WRONG}`);
    expect(wrong).toContain("certificate verify failed");
  });
});

describe("MariaDB", () => {
  it("lets nobody in without TLS, right password or not", async () => {
    await each([outputs.vips.data, ...addressesOf(GALERA)], async (host) => {
      expect([host, await sql(host, "--skip-ssl")]).toEqual([
        host,
        expect.stringContaining("Access denied"),
      ]);
    });
  });

  it("serves over TLS who trusts the site's CA, and not who trusts another", async () => {
    await each([outputs.vips.data, ...addressesOf(GALERA)], async (host) => {
      const verify = "--ssl-verify-server-cert --ssl-ca";
      expect([host, await sql(host, `${verify}=${CA_FILE}`)]).toEqual([
        host,
        expect.stringMatching(/^Ssl_version\s+TLSv1\.3$/),
      ]);
      expect(await sql(host, `${verify}=${WRONG}`)).toContain("self-signed certificate");
    });
  });

  it("has slurmdbd among its clients", async () => {
    const query = `SELECT COUNT(*) FROM information_schema.processlist WHERE USER = 'slurm'`;
    // It connects when somebody asks it for something, for as long as that one stays; connections that slurmctld left
    // idle may have been cut since, by a failover.
    const asks = "(echo list cluster; sleep 5) | sacctmgr -n";
    await eventually("slurmdbd is connected", 30, async () => {
      const somebody = ask(outputs, "client", asks);
      const asked = GALERA.map((node) => ask(outputs, node, `mariadb -N -e "${query}"`));
      const seen = (await Promise.all(asked)).some(({ stdout }) => Number(stdout) > 0);
      await somebody;
      return seen;
    });
  });
});

describe("certificates", () => {
  it("are each machine's own, for its address and the data VIP, with a key that its service reads", async () => {
    const keys = new Set<string>();
    for (const [machines, from, file, group] of [
      [REDIS, "redis1", "/etc/redis/server.pem", "redis"],
      [GALERA, "haproxy1", "/etc/mysql/server.pem", "mysql"],
    ] as const) {
      await each(machines, async (machine) => {
        const look = `stat -c '%a %U %G' ${file}; openssl pkey -in ${file} -pubout`;
        const [mode, ...key] = (await ask(outputs, machine, look)).stdout.split("\n");
        expect([machine, mode]).toEqual([machine, `640 root ${group}`]);
        keys.add(key.join());
        const starttls = group === "mysql" ? `-starttls mysql` : "";
        const address = addressOf(outputs, machine);
        const port = group === "mysql" ? ports.mysql : ports.redis;
        for (const name of [address, outputs.vips.data]) {
          const verify = `-CAfile ${CA_FILE} -verify_return_error -verify_ip ${name} ${starttls}`;
          const said = await tls(from, `${address}:${port}`, verify);
          expect([machine, name, said]).toEqual([
            machine,
            name,
            expect.stringContaining("Verify return code: 0 (ok)"),
          ]);
        }
      });
    }
    expect(keys.size).toBe(REDIS.length + GALERA.length);
  });
});

describe("Galera's replication", () => {
  // A certificate of the same CA, but not one for clients.
  beforeAll(async () => {
    const pems = (await playbookVars("redis.yml"))["redis_certificates"] as Record<string, string>;
    await ask(outputs, "galera1", "umask 077; cat > /root/redis.pem", { input: pems["redis1"] });
  });
  afterAll(() => ask(outputs, "galera1", "rm /root/redis.pem"));

  it("speaks TLS on all nodes, with none but its own", async () => {
    await each(GALERA, async (node) => {
      const options = "SHOW VARIABLES LIKE 'wsrep_provider_options'";
      const { stdout } = await ask(outputs, node, `mariadb -N -e "${options}"`);
      expect([node, stdout]).toEqual([node, expect.stringContaining("socket.ssl = YES")]);
      const address = `${addressOf(outputs, node)}:${ports.galera}`;
      const shown = (pem: string) => tls("galera1", address, `-cert ${pem} -key ${pem}`);
      expect(await tls("galera1", address, "")).toContain("alert certificate required");
      expect(await shown("/root/redis.pem")).toContain("alert unsupported certificate");
      expect(await shown("/etc/mysql/server.pem")).not.toContain("alert");
    });
  });

  it("copies everything to a node that lost its data, encrypted", async () => {
    const serving = await new Cluster(outputs).serving("galera");
    const lost = GALERA.find((node) => node !== serving) ?? "";
    const since = (await ask(outputs, lost, "date +%s")).stdout;
    const wipe = "systemctl stop mariadb && find /var/lib/mysql -mindepth 1 -delete";
    await on(outputs, lost, `${wipe} && systemctl start mariadb && galera-check wait 60`);
    const log = (await ask(outputs, lost, `journalctl -u mariadb --since @${since} -o cat`)).stdout;
    expect(log).toContain("Using stunnel for SSL encryption");
    expect(log).toContain("IST receiver using ssl");
    const count = "SELECT COUNT(*) FROM portal.users";
    const { stdout } = await ask(outputs, lost, `mariadb -N -e "${count}"`);
    expect(Number(stdout)).toBeGreaterThan(0);
  });
});
