import { byPerson, type NodeState, OURS } from "./nodeState";

/** What takes a node out of service, and gives it back: where scontrol and squeue are. */
export interface Draining {
  stateOf: (name: string) => Promise<NodeState>;
  /** Runs shell text for a node. Rejects when that fails. */
  tell: (name: string, text: string) => Promise<string>;
}

/** Keeps new jobs away from nodes, and gives them back. One that a person has drained stays so, with that person's reason. */
export function draining({ stateOf, tell }: Draining) {
  const scontrol = async (name: string, state: string) => {
    await tell(name, `scontrol update nodename=${name} state=${state}`);
  };
  return {
    /** @throws Error that names the jobs that still run on it */
    takeOut: async (name: string): Promise<void> => {
      if (!byPerson(await stateOf(name))) await scontrol(name, `drain reason=${OURS}`);
      const jobs = await tell(name, `squeue --noheader --nodelist=${name} --format=%A`);
      if (jobs.trim() === "") return;
      // It stays drained: a node that takes new jobs never has none.
      throw new Error(
        `it drains, and these jobs run on it: ${jobs.trim().split("\n").join(", ")}. When they have ended, the same ` +
          `command again; or give it back: scontrol update nodename=${name} state=resume`,
      );
    },
    takeBack: async (name: string): Promise<void> => {
      if (!byPerson(await stateOf(name))) await scontrol(name, "resume");
    },
  };
}
