import type { FastifyInstance, FastifyReply } from "fastify";
import { z } from "zod";
import type { Context } from "../context";
import { type Job, type JobStore, Refused } from "../slurm";
import { StoreUnavailable } from "../stores";
import { escape, page } from "./html";

const wanted = z.object({
  name: z.string().regex(/^[\w.-]{1,64}$/),
  script: z.string().min(1).max(65_536),
});
/** Most that are listed. */
const LISTED = 50;
const EXAMPLE = "#!/bin/sh\nhostname\n";

/** The jobs of the user who is logged in, and one more: `/dashboard/jobs`. */
export function jobs(app: FastifyInstance, context: Context, store: JobStore): void {
  const path = `${context.base}/jobs`;
  const show = (reply: FastifyReply, status: number, body: string) =>
    reply
      .code(status)
      .type("text/html")
      .send(page(context, "My jobs", body));

  app.get(path, async (request, reply) => {
    const user = await context.userOf(request);
    if (user === undefined) return show(reply, 401, "<p>Not logged in.</p>");
    const [status, body] = await attempt(async () => table(await store.jobs(user)) + form(path));
    return show(reply, status, body);
  });

  app.post(path, async (request, reply) => {
    const user = await context.userOf(request);
    if (user === undefined) return show(reply, 401, "<p>Not logged in.</p>");
    const given = wanted.safeParse(request.body);
    if (!given.success) {
      return show(reply, 400, "<p>A name of letters, digits, _ . - and a script are needed.</p>");
    }
    const { name, script } = given.data;
    const [status, body] = await attempt(async () => {
      await store.submit(user, { name, script: shellScript(script) });
      return "";
    });
    return status === 200 ? reply.redirect(path, 303) : show(reply, status, body);
  });
}

/** As sbatch takes it: browsers end lines with two characters, and Slurm wants to know what runs it. */
function shellScript(typed: string): string {
  const text = typed.replaceAll("\r\n", "\n");
  return text.startsWith("#!") ? text : `#!/bin/sh\n${text}`;
}

/** Status and body of the page, also where Slurm refuses or is away. */
async function attempt(make: () => Promise<string>): Promise<[number, string]> {
  try {
    return [200, await make()];
  } catch (error) {
    if (error instanceof Refused) return [403, `<p>${escape(error.message)}</p>`];
    if (!(error instanceof StoreUnavailable)) throw error;
    return [503, "<p>Slurm cannot be asked at the moment.</p>"];
  }
}

function table(all: Job[]): string {
  if (all.length === 0) return "<p>No jobs.</p>";
  const cell = (text: string) => `<td>${escape(text)}</td>`;
  const rows = all.slice(0, LISTED).map(({ id, name, state, partition, submitted }) => {
    const time = submitted.toISOString().slice(0, 19).replace("T", " ");
    return `<tr>${[String(id), name, state, partition, time].map(cell).join("")}</tr>`;
  });
  const heads = ["Job", "Name", "State", "Partition", "Submitted (UTC)"];
  return `<table><tr>${heads.map((head) => `<th>${head}</th>`).join("")}</tr>\n${rows.join("\n")}\n</table>`;
}

const form = (path: string) => `<form method="post" action="${path}">
<label>Name <input name="name" value="hello"></label>
<label>Script <textarea name="script">${EXAMPLE}</textarea></label>
<button>Submit</button>
</form>`;
