import { describe, expect, it } from "vitest";
import { judge } from "../../cli/health";

const VIPS = { slurm: "198.18.1.100", web: "198.18.1.101", data: "198.18.1.102" };
const STACK = { vips: VIPS, urls: { app: "https://198.18.1.101/app" } };
const machine = (role: string) => ({ name: "m", role, address: "198.18.1.151" });

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
    expect(judge(machine("haproxy"), STACK, haproxy("active   running"))).toEqual({
      health: "ok",
      vips: ["web"],
    });
  });

  it("names units that failed and units that are not there", () => {
    expect(judge(machine("haproxy"), STACK, haproxy("failed   failed"))).toMatchObject({
      health: "not running: haproxy",
    });
    expect(judge(machine("galera"), STACK, haproxy("failed   failed")).health).toBe(
      "not running: mariadb, haproxy",
    );
  });

  it("wants every service on a web node", () => {
    const text = "hpc-web@app.service loaded activating auto-restart Web service app";
    expect(judge(machine("web"), STACK, text).health).toBe("not running: hpc-web@app");
  });

  it("wants slurmctld where the Slurm VIP is, and only there", () => {
    const units = ["munge", "slurmdbd", "slurm-watch", "keepalived"]
      .map((u) => `${u}.service loaded active running ${u}`)
      .join("\n");
    const vip = "\n2: eth0    inet 198.18.1.100/24 scope global secondary eth0";
    expect(judge(machine("slurm-controller"), STACK, units).health).toBe("ok");
    expect(judge(machine("slurm-controller"), STACK, units + vip)).toEqual({
      health: "not running: slurmctld",
      vips: ["slurm"],
    });
  });
});
