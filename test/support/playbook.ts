/** Runs one playbook for a test: request and options on stdin, what came of it on stdout. SIGTERM aborts it. */
import { runPlaybook, runSchema } from "../../programs/ansible";
import { z } from "zod";
import { program } from "../../lib/program";

const abort = new AbortController();
process.on("SIGTERM", () => abort.abort(new Error("aborted")));
const schema = z.strictObject({
  run: runSchema,
  limit: z.array(z.string()).optional(),
  check: z.boolean().optional(),
});

program(schema, async ({ run, limit, check = false }) => {
  const options = { ...(limit && { limit }), check, signal: abort.signal };
  const say = (line: string) => console.error(line);
  const { hosts, ...outcome } = await runPlaybook(run, { ...options, say });
  console.log(JSON.stringify({ ...outcome, hosts: Object.fromEntries(hosts) }));
});
