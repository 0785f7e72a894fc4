import websocket from "@fastify/websocket";
import type { FastifyInstance } from "fastify";
import type { Context } from "../context";

/** RFC 6455: the server is going away; clients connect anew, and come to another node. */
const GOING_AWAY = 1001;

/** A WebSocket that says which machine answered, and sends back what it gets: `/vnc/…`. */
export async function echo(app: FastifyInstance, { base, node }: Context): Promise<void> {
  await app.register(websocket, {
    options: { maxPayload: 1024 * 1024 },
    preClose(done) {
      for (const client of this.websocketServer.clients) client.close(GOING_AWAY, "restarting");
      this.websocketServer.close(() => done());
    },
  });
  app.get(`${base}/echo`, { websocket: true }, (socket) => {
    socket.send(JSON.stringify({ node }));
    socket.on("message", (data, binary) => socket.send(data, { binary }));
    socket.on("error", () => socket.terminate());
  });
  app.get(base === "" ? "/" : base, ({ ip }) => ({
    ...{ websocket: `${base}/echo`, node },
    // The user's address, as HAProxy states it.
    client: ip,
  }));
}
