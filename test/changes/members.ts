/** 7. Another number of members. */
import type { Case } from "../faults/cases";
import { hpc } from "../support/hpc";
import { baseConfig } from "../support/site";
import { config, nothing, USUAL } from "./steps";

/** The one that a smaller entry has no more. */
const LEAVES = "haproxy2";

export const memberCases: Case[] = [
  {
    ...USUAL,
    name: "one HAProxy node less, the one that serves",
    prepare: async (c) => {
      if ((await c.holder("web")) === LEAVES) return nothing;
      const { code, said } = await hpc("switchover", "entry");
      if (code !== 0) throw new Error(said);
      return nothing;
    },
    fault: config({ members: { ...(baseConfig()["members"] as object), entry: 1 } }),
  },
];
