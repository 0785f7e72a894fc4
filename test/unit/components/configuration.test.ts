import * as pulumi from "@pulumi/pulumi";
import * as yaml from "js-yaml";
import { describe, expect, it } from "vitest";
import { type ChangeGround, changeSchema } from "../../../components/changeRequest";
import { Configuration, type Reached } from "../../../components/configuration";
import { Machine } from "../../../drivers/machine";
import { pinnedSsh } from "../../../lib/ssh";
import { CONFIGURATION, base, facts, family, fleet, known, machines } from "../../support/fleet";
import { registered } from "../../support/mocked";
import { find, isSecret, request } from "../../support/referenceSite";

const hosts: Reached[] = machines.redis.slice(0, 2).map(({ name, address }) => ({
  ...{ name, address, hostKey: `ssh-ed25519 ${name}`, incarnation: `first ${name}` },
  power: ["restart", name],
}));
const [redis1, redis2] = hosts as [Reached, Reached];
const ssh = { user: "root", privateKeyFile: "/key" };

/** The configuration of two Redis machines. */
async function make(changed = hosts, vars: Record<string, unknown> = { redis_port: 6379 }) {
  const seen: string[] = [];
  const made = await registered(async () => {
    const entry = machines.entry.map((spec) => {
      const address = pulumi.output(spec.address);
      const hostKey = pulumi.output(`ssh-ed25519 ${spec.name}`);
      return new Machine(spec.name, spec, () => ({ address, hostKey, incarnation: address }));
    });
    const { recap } = new Configuration("run", {
      fleet: { ...fleet, entry: Promise.resolve(entry) },
      tier: "redis",
      hosts: changed,
      vars: pulumi.secret(vars),
    });
    seen.push(await known(recap));
  });
  const { inputs } = find(made, "run");
  return { made, inputs, wanted: inputs["wanted"] as Record<string, string>, recap: seen[0] };
}

describe("what configures the machines of a tier", () => {
  it("is one resource, whose program is told all that it needs, in secret", async () => {
    const { made, inputs, recap } = await make();
    expect(family(made.filter(({ name }) => name.startsWith("run")))).toEqual([
      `run ${CONFIGURATION}`,
    ]);
    expect(recap).toBe("run: done");
    expect(isSecret(inputs["request"])).toBe(true);
    const ground = request(made, "run") as unknown as ChangeGround;
    expect(ground).toEqual({
      tier: "redis",
      run: {
        playbook: "redis.yml",
        inventory: expect.any(String) as string,
        vars: { ...base("redis"), redis_port: 6379 },
        knownHosts: "192.168.1.131 ssh-ed25519 redis1\n192.168.1.132 ssh-ed25519 redis2\n",
        sshKeyFile: "/key",
      },
      units: ["redis-server", "redis-sentinel"],
      site: facts,
      // Those that send clients to them are asked as well.
      knownHosts: [...hosts, ...machines.entry]
        .map(({ name, address }) => `${address} ssh-ed25519 ${name}\n`)
        .join(""),
      power: { redis1: ["restart", "redis1"], redis2: ["restart", "redis2"] },
    });
    const { inventory } = ground.run;
    expect(yaml.load(inventory)).toMatchObject({ all: { children: { redis: { hosts: {} } } } });
    // What the provider adds, and the program takes it.
    const added = { todo: ["redis1"], applied: [], drifted: [], mode: "first" };
    expect(changeSchema.safeParse({ ...ground, ...added }).error).toBeUndefined();
  });

  it("asks its machines how they are, and keeps the lock on the entry's", async () => {
    const { inputs } = await make();
    const units = ["redis-server", "redis-sentinel"];
    expect(inputs["questions"]).toEqual({
      redis1: { ssh: pinnedSsh(ssh, redis1, { cheap: true }), units },
      redis2: { ssh: pinnedSsh(ssh, redis2, { cheap: true }), units },
    });
    expect(inputs["seats"]).toEqual(
      machines.entry.map(({ name, address }) => ({
        machine: name,
        ssh: pinnedSsh(ssh, { address, hostKey: `ssh-ed25519 ${name}` }, { cheap: true }),
      })),
    );
  });

  it("wants another state of all when they are told something else, and of one that was made anew", async () => {
    const { wanted } = await make();
    expect(Object.keys(wanted)).toEqual(["redis1", "redis2"]);
    expect((await make()).wanted).toEqual(wanted);
    const told = (await make(hosts, { redis_port: 6380 })).wanted;
    expect(Object.keys(wanted).filter((m) => told[m] === wanted[m])).toEqual([]);
    const anew = (await make([redis1, { ...redis2, incarnation: "second redis2" }])).wanted;
    expect(Object.keys(wanted).filter((m) => anew[m] === wanted[m])).toEqual(["redis1"]);
    // How it is started anew is no reason to do anything to it.
    expect((await make([redis1, { ...redis2, power: [] }])).wanted).toEqual(wanted);
  });
});
