import { describe, expect, it } from "vitest";
import {
  addCommands,
  assign,
  clearCommands,
  generationCommand,
  isEmpty,
  type Member,
  plan,
  sessionsLeft,
  unproven,
} from "../../haproxy/plan";
import { EMPTY, type Observed, type Slot } from "../../haproxy/state";

const health = { healthPath: "/health", healthStatus: "200", checkSeconds: 0.8 };
const SERVICES = [
  { name: "auth", port: 4430, ...health },
  { name: "ws", port: 5011, ...health },
];
const ports: Record<string, number> = { auth: 4430, ws: 5011 };
const member = (n: number): Member => ({ name: `web${n}`, address: `10.0.0.${n}` });

/** A HAProxy node whose slots hold the given addresses ("" is an empty slot) in every backend. */
function node(addresses: string[], change: Partial<Slot> = {}, where = /./): Observed {
  const slots = SERVICES.flatMap(({ name }) =>
    addresses.map((address, i): Slot => {
      const used = address !== "";
      const slot: Slot = {
        backend: name,
        server: `slot${i + 1}`,
        address: used ? address : EMPTY,
        port: ports[name] ?? 0,
        admin: used ? "ready" : "maint",
        checked: used,
        sessions: 0,
        up: used,
        lastCheck: used ? "L7OK" : "",
      };
      return where.test(`${name}/${slot.server}`) ? { ...slot, ...change } : slot;
    }),
  );
  return { slots, generation: 0 };
}
const both = (a: Observed, b = a) =>
  new Map([
    ["haproxy1", a],
    ["haproxy2", b],
  ]);
const added = (p: ReturnType<typeof plan>, name: string) =>
  p.get(name)?.additions.map((a) => `${a.backend}/${a.server} ${a.address}:${a.port}`);
const removed = (p: ReturnType<typeof plan>, name: string) =>
  p.get(name)?.removals.map((r) => `${r.backend}/${r.server} ${r.address}`);

describe("plan", () => {
  it("does nothing when all is as wanted", () => {
    const seen = both(node(["10.0.0.1", "10.0.0.2", ""]));
    expect(isEmpty(plan([member(2), member(1)], SERVICES, seen))).toBe(true);
  });

  it("adds a node to every backend in the same slot on both HAProxy nodes", () => {
    const p = plan([member(1), member(2)], SERVICES, both(node(["10.0.0.1", "", ""])));
    expect(added(p, "haproxy1")).toEqual(["auth/slot2 10.0.0.2:4430", "ws/slot2 10.0.0.2:5011"]);
    expect(p.get("haproxy2")).toEqual(p.get("haproxy1"));
  });

  it("keeps the slot of a node that only one HAProxy node knows", () => {
    const seen = both(node(["", "", "10.0.0.1"]), node(["", "", ""]));
    const p = plan([member(1)], SERVICES, seen);
    expect(added(p, "haproxy1")).toEqual([]);
    expect(added(p, "haproxy2")).toEqual(["auth/slot3 10.0.0.1:4430", "ws/slot3 10.0.0.1:5011"]);
  });

  it("never plans a new node into a slot that still has to be drained", () => {
    const seen = both(node(["10.0.0.1", "10.0.0.2", ""]));
    const p = plan([member(1), member(3)], SERVICES, seen);
    expect(added(p, "haproxy1")).toEqual(["auth/slot3 10.0.0.3:4430", "ws/slot3 10.0.0.3:5011"]);
    expect(removed(p, "haproxy1")).toEqual(["auth/slot2 10.0.0.2", "ws/slot2 10.0.0.2"]);
  });

  it("finishes an interrupted addition: address set, not yet ready or not yet checked", () => {
    for (const change of [{ admin: "maint" }, { checked: false }] as Partial<Slot>[]) {
      const p = plan([member(1)], SERVICES, both(node(["10.0.0.1", ""], change, /ws\/slot1/)));
      expect(added(p, "haproxy1")).toEqual(["ws/slot1 10.0.0.1:5011"]);
    }
  });

  it("finishes an interrupted removal", () => {
    const seen = both(node(["10.0.0.1", "10.0.0.2"], { admin: "drain" }, /slot2/));
    expect(removed(plan([member(1)], SERVICES, seen), "haproxy1")).toHaveLength(2);
  });

  it("takes a draining node back without emptying its slot", () => {
    const seen = both(node(["10.0.0.1", "10.0.0.2"], { admin: "drain" }, /slot2/));
    const p = plan([member(1), member(2)], SERVICES, seen);
    expect(removed(p, "haproxy1")).toEqual([]);
    expect(added(p, "haproxy1")).toEqual(["auth/slot2 10.0.0.2:4430", "ws/slot2 10.0.0.2:5011"]);
  });

  it("removes a node that is down like any other", () => {
    const seen = both(node(["10.0.0.1", "10.0.0.2"], { up: false, lastCheck: "L4TOUT" }, /slot2/));
    expect(removed(plan([member(1)], SERVICES, seen), "haproxy2")).toHaveLength(2);
  });

  it("removes the second slot of an address that is in a backend twice", () => {
    const p = plan([member(1)], SERVICES, both(node(["10.0.0.1", "10.0.0.1"])));
    expect(removed(p, "haproxy1")).toEqual(["auth/slot2 10.0.0.1", "ws/slot2 10.0.0.1"]);
    expect(added(p, "haproxy1")).toEqual([]);
  });

  it("corrects a port that the configuration changed", () => {
    const p = plan([member(1)], SERVICES, both(node(["10.0.0.1"], { port: 9 }, /auth/)));
    expect(added(p, "haproxy1")).toEqual(["auth/slot1 10.0.0.1:4430"]);
  });

  it("gives a sick node no slot, and leaves it where it is", () => {
    const seen = both(node(["10.0.0.1", "", ""]));
    const p = plan([1, 2, 3].map(member), SERVICES, seen, new Set(["10.0.0.1", "10.0.0.2"]));
    expect(added(p, "haproxy1")).toEqual(["auth/slot2 10.0.0.3:4430", "ws/slot2 10.0.0.3:5011"]);
    expect(removed(p, "haproxy1")).toEqual([]);
  });

  it("names the backend and the node when there is no slot left", () => {
    expect(() => plan([member(1), member(2)], SERVICES, both(node(["10.0.0.1"])))).toThrow(
      "backend auth has 1 slots and none is free for web2 (10.0.0.2)",
    );
  });

  it("converges: the plan's effect leaves nothing to plan", () => {
    const wanted = [member(2), member(3), member(4)];
    const a = node(["10.0.0.1", "10.0.0.2", "", "", "", ""]);
    const b = node(["", "10.0.0.9", "10.0.0.2", "", "", ""]);
    const after = new Map(
      [...plan(wanted, SERVICES, both(a, b))].map(([name, p]) => {
        const slots = (name === "haproxy1" ? a : b).slots.map((s): Slot => {
          const is = (x: { backend: string; server: string }) =>
            x.backend === s.backend && x.server === s.server;
          const addition = p.additions.find(is);
          if (addition) return { ...s, ...addition, admin: "ready", checked: true };
          return p.removals.some(is) ? { ...s, address: EMPTY, admin: "maint" } : s;
        });
        return [name, { slots, generation: 1 }];
      }),
    );
    expect(isEmpty(plan(wanted, SERVICES, after))).toBe(true);
  });
});

describe("assign", () => {
  it("counts slots as numbers, so slot2 comes before slot10", () => {
    const names = Array.from({ length: 11 }, (_, i) => (i === 0 ? "10.0.0.1" : ""));
    expect(assign([member(2)], node(names).slots).get("10.0.0.2")).toBe("slot2");
  });
});

describe("commands", () => {
  const at = { backend: "ws", server: "slot2", address: "10.0.0.2" };

  it("enables the check before the server takes traffic", () => {
    expect(addCommands({ ...at, port: 5011 })).toEqual([
      "set server ws/slot2 addr 10.0.0.2 port 5011",
      "enable health ws/slot2",
      "set server ws/slot2 state ready",
    ]);
  });

  it("closes what is left and empties the slot last", () => {
    expect(clearCommands(at)).toEqual([
      "shutdown sessions server ws/slot2",
      "set server ws/slot2 state maint",
      "set server ws/slot2 addr 0.0.0.0",
    ]);
  });

  it("writes the time as an address", () => {
    expect(generationCommand(0x6901_0203)).toBe("set server membership/generation addr 105.1.2.3");
  });
});

describe("waiting", () => {
  const at = { backend: "ws", server: "slot1", address: "10.0.0.1" };

  it("counts the sessions of the leaving slots only", () => {
    const seen = node(["10.0.0.1", "10.0.0.2"], { sessions: 3 });
    expect(sessionsLeft([at], seen)).toBe(3);
    expect(sessionsLeft([{ ...at, server: "slot9" }], seen)).toBe(0);
  });

  it("believes in an addition only after HAProxy's own check", () => {
    const addition = { ...at, port: 5011 };
    expect(unproven([addition], node(["10.0.0.1"]))).toEqual([]);
    const refused = node(["10.0.0.1"], { lastCheck: "L4CON" });
    expect(unproven([addition], refused)).toEqual([{ ...addition, lastCheck: "L4CON" }]);
  });
});
