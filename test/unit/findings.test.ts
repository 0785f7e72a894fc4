import { describe, expect, it } from "vitest";
import { diagnose } from "../../site/status/diagnose";
import { verdict } from "../../site/status/findings";
import { captured, changed, healthy, mends, see, ssh, tiersOf, words } from "../support/seenSite";

describe("diagnose", () => {
  it("names dead machines, one of each tier, and nothing that only follows from it", () => {
    const findings = diagnose(see(captured("dead")));
    expect(verdict(findings)).toBe("reduced");
    expect(findings.map((f) => /^\S+ \(\S+, [\d.]+\)/.exec(f.what)?.[0])).toEqual([
      "galera3 (galera, 198.18.3.143)",
      "haproxy1 (entry, 198.18.3.151)",
      "redis1 (redis, 198.18.3.131)",
      "compute2 (compute, 198.18.3.162)",
      "slurm-m1 (controllers, 198.18.3.10)",
      "web2 (web, 198.18.3.22)",
    ]);
    expect(new Set(mends(findings))).toEqual(
      new Set(["pulumi refresh --stack lab && pulumi up --stack lab"]),
    );
  });

  it("says once that no machine answers", () => {
    const none = Object.fromEntries(Object.keys(healthy).map((name) => [name, null]));
    expect(words(diagnose(see(none)))).toEqual([
      expect.stringMatching(/^down: No machine answers/),
    ]);
  });

  it("knows that Redis without replicas takes no writes", () => {
    const findings = diagnose(see(captured("redis")));
    expect(words(findings)).toEqual([
      "down: Redis takes no writes: its master redis1 has no replica that follows it.",
      "reduced: On redis2 redis-server is not running.",
      "reduced: On redis3 redis-server is not running.",
    ]);
    expect(mends(findings)[1]).toBe(`${ssh} root@198.18.3.132 'systemctl restart redis-server'`);
  });

  it("names a replica that lags or has lost its master, and a Sentinel without a majority", () => {
    const lag = changed("redis1", /(ip=198.18.3.132.*lag=)\d+/, "$17");
    expect(words(diagnose(see(lag)))).toEqual([
      expect.stringContaining("redis2 is 7 s behind its master"),
    ]);
    const lost = changed("redis3", "master_link_status:up", "master_link_status:down");
    expect(words(diagnose(see(lost)))).toEqual([
      expect.stringContaining("redis3 does not follow the master"),
    ]);
    const alone = changed("redis2", /OK 3 usable.*/, "NOQUORUM 1 usable Sentinels.");
    expect(words(diagnose(see(alone)))).toEqual([
      expect.stringContaining("The Sentinel of redis2 sees no majority"),
    ]);
  });

  it("names a Sentinel that takes no part because its machine stood still", () => {
    // Captured after `virsh suspend` and `resume`.
    const said = `OK 3 usable Sentinels. Quorum and failover authorization can be reached
# Sentinel
sentinel_masters:1
sentinel_tilt:1
sentinel_tilt_since_seconds:1
sentinel_running_scripts:0
sentinel_scripts_queue_length:0
sentinel_simulate_failure_flags:0
master0:name=site,status=ok,address=198.18.3.133:6379,slaves=2,sentinels=3`;
    const status = see(changed("redis2", /OK 3 usable.*/, said));
    expect(tiersOf(status).redis.quorum).toEqual(["redis1", "redis3"]);
    expect(words(diagnose(status))).toEqual([
      expect.stringContaining("The Sentinel of redis2 takes no part"),
    ]);
  });

  it("names a Galera node that is not synced, and a database that is down", () => {
    const findings = diagnose(see(captured("galera")));
    expect(words(findings)).toEqual([
      expect.stringMatching(
        /^reduced: The Galera node galera3 is Donor\/Desynced, not Synced .*3 of 3/,
      ),
    ]);
    const split = Object.fromEntries(
      ["galera1", "galera2", "galera3"].map((name) => [
        name,
        healthy[name]?.replace("Primary", "non-Primary").replace("Synced", "Initialized") ?? null,
      ]),
    );
    expect(words(diagnose(see(split)))[0]).toMatch(/^down: No Galera node is synced/);
  });

  it("says in MariaDB's own words why it does not run, and proposes no restart where none helps", () => {
    const setting =
      "/etc/mysql/mariadb.conf.d/99-site.cnf:17: Error while setting value 'x' to 'innodb_lock_wait_timeout'";
    const failed = (name: string, why: string) =>
      `${healthy[name]?.replace("mariadb.service                    loaded active running", "mariadb.service                    loaded activating auto-restart").replace(/==> galera[^]*/, "")}==> galera\n==> why\n${why}\n`;
    const refused =
      `MariaDB refuses its settings, and no restart helps: ${setting}. ` +
      "Take back in the stack config what brought them.";
    const one = diagnose(see({ galera3: failed("galera3", setting) }));
    expect(words(one)).toEqual([`reduced: On galera3 mariadb is not running. ${refused}`]);
    expect(mends(one)).toEqual(["pulumi up --stack lab"]);
    const other = diagnose(see({ galera3: failed("galera3", "InnoDB: No space left") }));
    expect(words(other)[0]).toContain("MariaDB says: InnoDB: No space left.");
    expect(mends(other)[0]).toContain("systemctl restart mariadb");
    const names = ["galera1", "galera2", "galera3"];
    const all = diagnose(see(Object.fromEntries(names.map((n) => [n, failed(n, setting)]))));
    expect(words(all)[0]).toBe(
      `down: No Galera node is synced: the database is down. On galera1 ${refused}`,
    );
    expect(mends(all)[0]).toBe("pulumi up --stack lab");
  });

  it("names VIPs that two machines hold", () => {
    const eth0 = healthy["haproxy1"]?.split("\n").find((l) => l.includes("198.18.3.102/")) ?? "";
    const findings = diagnose(see(changed("haproxy2", "==> state", `${eth0}\n==> state`)));
    expect(words(findings)).toEqual([
      expect.stringMatching(/^reduced: haproxy1, haproxy2 hold the data VIP 198.18.3.102/),
    ]);
  });

  it("names web nodes that are drained by hand or fail their health check", () => {
    const findings = diagnose(see(captured("rotation")));
    expect(words(findings)).toEqual([
      "reduced: haproxy1 sends no new requests for app to web1: it is failing its health check (L7TOUT).",
      "reduced: haproxy1 sends no new requests for websocket to web2: it is draining.",
      "reduced: haproxy2 sends no new requests for app to web1: it is failing its health check (L7TOUT).",
    ]);
    expect(mends(findings).slice(0, 2)).toEqual([
      `${ssh} root@198.18.3.21 'systemctl restart hpc-web@app'`,
      "pulumi up --stack lab --replace '**entry-membership'",
    ]);
  });

  it("knows that a service that no web node serves is down", () => {
    const both = healthy["haproxy1"]?.replace(/^(\d+ app \d+ slot\d \S+) 2 /gm, "$1 0 ") ?? null;
    expect(words(diagnose(see({ haproxy1: both })))[0]).toBe(
      "down: No web node serves app at the web VIP (haproxy1).",
    );
  });
});
