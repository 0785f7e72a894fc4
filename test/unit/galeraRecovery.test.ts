import { describe, expect, it } from "vitest";
import { type GaleraNode, parseNode } from "../../components/galera/node";
import { decideRecovery } from "../../components/galera/recovery";

const UUID = "4a10c321-e7e6-11f1-96f5-eb7d5080d395";
const OTHER = "4bc87e1b-e7e6-11f1-bc65-57b6c444c336";

/** What MariaDB 10.11.19 with Galera 26.4 wrote: running, after kill -9, and stopped in order. */
const grastate = (uuid: string, seqno: number, safe: 0 | 1) => `grastate
# GALERA saved state
version: 2.1
uuid:    ${uuid}
seqno:   ${seqno}
safe_to_bootstrap: ${safe}
`;
const live = (status: string) => `wsrep_local_state_uuid\t${UUID}
wsrep_last_committed\t5
wsrep_cluster_status\t${status}
`;
const recovered = (uuid: string, seqno: number) => `--wsrep_start_position=${uuid}:${seqno}\n`;
/** Its unit looks for the others. */
const crashed = `unit activating\n${grastate(UUID, -1, 0)}`;

describe("parseNode", () => {
  it("believes MariaDB before the file, which it does not keep up to date", () => {
    expect(parseNode("galera1", live("Primary") + crashed)).toEqual({
      name: "galera1",
      reachable: true,
      running: true,
      primary: true,
      position: { uuid: UUID, seqno: 5 },
      safeToBootstrap: false,
    });
    expect(parseNode("galera1", live("non-Primary") + crashed)).toMatchObject({
      running: true,
      primary: false,
    });
  });

  it("takes the position of a node that crashed from its data", () => {
    expect(parseNode("galera1", crashed).position).toEqual({ uuid: UUID, seqno: undefined });
    expect(parseNode("galera1", crashed, recovered(UUID, 5)).position).toEqual({
      uuid: UUID,
      seqno: 5,
    });
    // Interrupted after grastate.dat was taken away for a new history.
    expect(parseNode("galera1", "", recovered(UUID, 5)).position).toEqual({ uuid: UUID, seqno: 5 });
  });

  it("takes that of a node that ended in order from grastate.dat, and Galera's mark", () => {
    expect(parseNode("galera1", grastate(UUID, 2, 1))).toMatchObject({
      running: false,
      position: { uuid: UUID, seqno: 2 },
      safeToBootstrap: true,
    });
  });

  it("counts no node that was taking a full copy, whatever its pieces say", () => {
    const zeros = grastate("00000000-0000-0000-0000-000000000000", -1, 0);
    expect(parseNode("galera1", zeros, recovered(UUID, 900)).position).toBe("none");
    expect(parseNode("galera1", "", recovered(UUID.replace(/\w/g, "0"), -1)).position).toBe("none");
  });

  it("says so when it cannot read the position", () => {
    const why = (text: string, said?: string) => {
      const { position } = parseNode("galera1", text, said);
      return typeof position === "object" && "unreadable" in position ? position.unreadable : "";
    };
    expect(why(`unit active\n${grastate(UUID, -1, 0)}`)).toBe("MariaDB runs, but does not answer");
    expect(why("grastate\n")).toBe("grastate.dat is damaged");
    expect(why(crashed, "")).toBe("galera_recovery found no position in the data");
    expect(why(crashed, recovered(OTHER, 5))).toBe(
      `grastate.dat is of ${UUID}, the data of ${OTHER}`,
    );
  });

  it("knows nothing of a machine that does not answer", () => {
    expect(parseNode("galera1", undefined)).toMatchObject({ reachable: false, position: "none" });
  });
});

const at = (name: string, seqno: number, uuid = UUID) =>
  parseNode(name, grastate(uuid, -1, 0), recovered(uuid, seqno));
const away = (name: string) => parseNode(name, undefined);
const reasons = (nodes: GaleraNode[], lost: string[] = []) => {
  const decision = decideRecovery(nodes, lost);
  return decision.action === "refuse" ? decision.reasons : [decision.action];
};

describe("decideRecovery", () => {
  it("bootstraps the node that has the most and starts the others", () => {
    const nodes = [at("galera1", 90), at("galera2", 100), at("galera3", 95)];
    expect(decideRecovery(nodes, [])).toEqual({
      action: "bootstrap",
      node: "galera2",
      seqno: 100,
      others: ["galera1", "galera3"],
      newHistory: false,
    });
  });

  it("asks for the positions first, with MariaDB stopped", () => {
    const nodes = [at("galera1", 90), parseNode("galera2", crashed), at("galera3", 95)];
    expect(decideRecovery(nodes, [])).toEqual({
      action: "measure",
      nodes: ["galera1", "galera2", "galera3"],
    });
  });

  it("of equal ones takes the one that Galera marked as the last to leave", () => {
    const nodes = [1, 2, 3].map((i) =>
      parseNode(`galera${i}`, grastate(UUID, 40, i === 3 ? 1 : 0)),
    );
    expect(decideRecovery(nodes, [])).toMatchObject({ action: "bootstrap", node: "galera3" });
  });

  it("refuses when a mark contradicts the positions", () => {
    const nodes = [parseNode("galera1", grastate(UUID, 40, 1)), at("galera2", 41)];
    expect(reasons(nodes)).toEqual([expect.stringContaining("galera1 was the last to leave")]);
  });

  it("only starts what is missing where a primary component is", () => {
    const serving = parseNode("galera1", live("Primary") + crashed);
    expect(decideRecovery([serving, at("galera2", 9), away("galera3")], [])).toEqual({
      action: "rejoin",
      start: ["galera2"],
    });
    expect(decideRecovery([serving, { ...serving, name: "galera2" }], [])).toEqual({
      action: "rejoin",
      start: [],
    });
  });

  it("refuses when two clusters serve", () => {
    const one = parseNode("galera1", live("Primary"));
    const two = parseNode("galera2", live("Primary").replace(UUID, OTHER));
    expect(reasons([one, two])).toEqual([expect.stringContaining("two clusters serve")]);
  });

  it("refuses while a node is away, unless it is given up by name", () => {
    const nodes = [at("galera1", 90), at("galera2", 100), away("galera3")];
    expect(reasons(nodes)).toEqual([
      "galera3 does not answer, and may have what the others have not: " +
        "start its machine, or, if it will never come back, add --lost galera3",
    ]);
    expect(decideRecovery(nodes, ["galera3"])).toMatchObject({
      action: "bootstrap",
      node: "galera2",
      others: ["galera1"],
      newHistory: true,
    });
    expect(reasons([at("galera1", 90), away("galera2"), away("galera3")], ["galera3"])).toEqual([
      expect.stringContaining("galera2 does not answer"),
    ]);
  });

  it("refuses to give up a node that answers", () => {
    expect(reasons([at("galera1", 1), at("galera2", 1), at("galera3", 1)], ["galera2"])).toEqual([
      "galera2 is not lost: its machine answers",
    ]);
  });

  it("refuses nodes of different clusters, before anything is stopped", () => {
    const nodes = [
      parseNode("galera1", crashed),
      parseNode("galera2", crashed),
      parseNode("galera3", grastate(OTHER, -1, 0)),
    ];
    expect(reasons(nodes)).toEqual([
      expect.stringContaining(`galera3 at an unknown place of ${OTHER}`),
    ]);
  });

  it("refuses when a position cannot be read, also when others are further", () => {
    const broken = parseNode("galera1", crashed, "");
    expect(reasons([broken, at("galera2", 100), at("galera3", 100)])).toEqual([
      "galera1: galera_recovery found no position in the data",
    ]);
  });

  it("never bootstraps a node without a whole copy; without any, it refuses", () => {
    const copying = parseNode(
      "galera1",
      grastate("00000000-0000-0000-0000-000000000000", -1, 0),
      recovered(UUID, 900),
    );
    expect(decideRecovery([copying, at("galera2", 10), at("galera3", 9)], [])).toMatchObject({
      node: "galera2",
      others: ["galera1", "galera3"],
    });
    expect(reasons([copying, { ...copying, name: "galera2" }])).toEqual([
      "no node has a whole copy of the data: restore a backup",
    ]);
  });
});
