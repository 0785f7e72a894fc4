import { ask, type Patience } from "../health";
import type { PublicOutputs } from "../stack";
import { evaluate, type Status } from "./evaluate";
import { questions } from "./questions";

/** Asks all machines of a site at once how they are. */
export async function look(
  stack: string,
  outputs: PublicOutputs,
  patience: Patience,
): Promise<Status> {
  const answers = await ask(outputs, ({ role }) => questions(role, outputs), patience);
  return evaluate(stack, outputs, answers);
}
