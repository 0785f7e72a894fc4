import type { FastifyInstance, FastifyReply } from "fastify";
import type { WatchSource } from "../watch";
import { silenceSchema } from "../watch/alertmanager";
import { NoMonitor } from "../watch/monitors";
import { json } from "./json";
import { sessionOf } from "./login";
import type { Sessions } from "./sessions";
import { SPANS } from "./watched";

interface Inside {
  watch: WatchSource | undefined;
  sessions: Sessions;
  log: (text: string) => void;
}

/** What the page shows of the site's monitor; who asks is logged in. */
export function monitorPages(app: FastifyInstance, { watch, sessions, log }: Inside): void {
  const pages = (watch?.pages ?? []).map(({ name, title }) => ({ name, title }));
  app.get("/api/watch", (request, reply) => json(request, reply, pages));
  if (!watch) return;
  app.get<{ Params: { page: string }; Querystring: { hours?: string } }>(
    "/api/watch/:page",
    async (request, reply) => {
      const found = pages.find(({ name }) => name === request.params.page);
      const hours = SPANS.find((span) => String(span) === request.query.hours);
      if (!found || hours === undefined) return reply.code(404).send({ error: "no such page" });
      const page = await watch.page(found.name, hours).catch(unanswered(reply));
      return page && json(request, reply, page);
    },
  );
  app.get("/api/firing", async (request, reply) => {
    const firing = await watch.firing().catch(unanswered(reply));
    return firing && json(request, reply, firing);
  });
  app.post("/api/silences", async (request, reply) => {
    const session = sessionOf(request, sessions);
    if (session?.role !== "operator") {
      return reply.code(403).send({ error: "only an operator silences alerts" });
    }
    const parsed = silenceSchema.safeParse(request.body);
    if (!parsed.success) return reply.code(400).send({ error: "not a silence" });
    try {
      await watch.silence(parsed.data, session.user);
    } catch (error) {
      return reply.code(409).send({ error: (error as Error).message });
    }
    log(`console: silence of ${session.user}: ${JSON.stringify(parsed.data)}`);
    return reply.code(204).send();
  });
}

/** 503 in words where no monitor answers. */
const unanswered =
  (reply: FastifyReply) =>
  async (error: unknown): Promise<undefined> => {
    if (!(error instanceof NoMonitor)) throw error;
    await reply.code(503).send({ error: error.message });
  };
