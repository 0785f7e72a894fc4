import { Connections } from "../haproxy/node";
import { Reconciler } from "../haproxy/reconcile";
import { requestSchema } from "../haproxy/request";
import { program } from "../lib/program";

const started = Date.now();
/** Progress for people, with the time since the start. */
const say = (line: string) =>
  console.error(`${((Date.now() - started) / 1000).toFixed(1).padStart(6)} s  ${line}`);

/** Makes the web backends of all HAProxy nodes hold the wanted web nodes; what it says at the end is on stdout. */
if (require.main === module) {
  program(requestSchema, async (request) => {
    const connections = new Connections(request.ssh, request.patience);
    try {
      const nodes = request.nodes.map((n) => connections.node(n.name, n.address));
      console.log(await new Reconciler(request, nodes, say).run());
    } finally {
      await connections.close(request.nodes.map((n) => n.address));
    }
  });
}
