import type { Vote } from "../model";
import { mostConstrained } from "./backends";
import { lost, type Situation } from "./situation";

/**
 * Sessions for each serving web node, at their most since the look before. Above the goal: as many nodes as bring all to it. Below `scaleIn.connections`: as few
 * as were reached by taking one away as long as that is true. In between, the size is right.
 */
export function connections(s: Situation): Vote {
  const { goals, scaleIn } = s.settings;
  return mostConstrained(s, "connections", ({ servers }, serving) => {
    // Those of a node that is drained or down count too: their clients come back to the others.
    const sessions = servers.reduce((sum, server) => sum + (server.peak ?? server.sessions), 0);
    const value = sessions / serving;
    const needed = Math.ceil(sessions / goals.connections);
    if (value > goals.connections * (1 + goals.tolerance)) {
      const wanted = Math.max(s.size, needed + lost(s, serving));
      return { wanted, value, goal: goals.connections };
    }
    if (value < scaleIn.connections) {
      const few = Math.max(1, needed, Math.floor(sessions / scaleIn.connections));
      return { wanted: Math.min(few, s.size), value, goal: scaleIn.connections };
    }
    return { wanted: s.size, value, goal: goals.connections };
  });
}
