import { ask } from "../health";
import type { PublicOutputs } from "../stack";
import { evaluate, type Status } from "./evaluate";
import { questions } from "./questions";

/**
 * Asks all machines of a site at once how they are.
 * @param seconds longest time for it; who has not answered then does not answer
 */
export async function look(
  stack: string,
  outputs: PublicOutputs,
  seconds: number,
): Promise<Status> {
  const answers = await ask(outputs, ({ role }) => questions(role, outputs), seconds);
  return evaluate(stack, outputs, answers);
}
