import { describe, expect, it } from "vitest";
import { judge } from "../../cli/health";

const VIPS = { slurm: "198.18.1.100", web: "198.18.1.101", data: "198.18.1.102" };
const STACK = { vips: VIPS, urls: { app: "https://198.18.1.101/app" } };
const answer = (role: string, text: string | undefined) => ({
  machine: { name: "m", role, address: "198.18.1.151" },
  text,
});

/** What a HAProxy node of the lab answered. */
const haproxy = (haproxyState: string) =>
  `  dbus.service                 loaded    active   running D-Bus System Message Bus
  haproxy.service              loaded    ${haproxyState} HAProxy Load Balancer
  keepalived.service           loaded    active   running Keepalive Daemon (LVS and VRRP)
  ssh.service                  loaded    active   running OpenBSD Secure Shell server
1: lo    inet 127.0.0.1/8 scope host lo\\       valid_lft forever preferred_lft forever
2: eth0    inet 198.18.1.151/24 brd 198.18.1.255 scope global eth0\\       valid_lft forever
2: eth0    inet 198.18.1.101/24 scope global secondary eth0\\       valid_lft forever
`;

describe("judge", () => {
  it("is content with what runs, and tells the VIPs", () => {
    expect(judge(answer("haproxy", haproxy("active   running")), STACK)).toMatchObject({
      health: "ok",
      vips: ["web"],
    });
  });

  it("names units that failed and units that are not there", () => {
    expect(judge(answer("haproxy", haproxy("failed   failed")), STACK)).toMatchObject({
      health: "not running: haproxy",
    });
    expect(judge(answer("galera", haproxy("failed   failed")), STACK).faults).toEqual([
      "mariadb",
      "galera-check",
      "haproxy",
    ]);
  });

  it("knows a machine that said nothing", () => {
    expect(judge(answer("haproxy", undefined), STACK)).toMatchObject({
      health: "does not answer",
      vips: [],
    });
  });

  it("wants every service on a web node", () => {
    const text = "hpc-web@app.service loaded activating auto-restart Web service app";
    expect(judge(answer("web", text), STACK).health).toBe("not running: hpc-web@app");
  });

  it("wants slurmctld where the Slurm VIP is, and only there", () => {
    const units = ["munge", "slurmdbd", "slurm-watch", "keepalived"]
      .map((u) => `${u}.service loaded active running ${u}`)
      .join("\n");
    const vip = "\n2: eth0    inet 198.18.1.100/24 scope global secondary eth0";
    expect(judge(answer("slurm-controller", units), STACK).health).toBe("ok");
    expect(judge(answer("slurm-controller", units + vip), STACK)).toMatchObject({
      health: "not running: slurmctld",
      vips: ["slurm"],
    });
  });
});
