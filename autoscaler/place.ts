import * as path from "node:path";
import { PROJECT } from "../site/stack/backend";
import { hpcHome } from "../lib/home";

/** Where the service of a stack keeps what it knows. Pure: the service and who starts it make the directory. */
export function placeOf(stack: string) {
  const directory = path.join(hpcHome(), "sites", `${PROJECT}-${stack}`, "autoscaler");
  const file = (name: string) => path.join(directory, name);
  return {
    directory,
    /** What it remembers from look to look. */
    state: file("state.json"),
    /** Its decisions, as JSON lines. */
    decisions: file("decisions.jsonl"),
    /** Where it takes orders of `npx hpc`. */
    socket: file("control.sock"),
    /** Files by which it and the runner of an update know of each other. */
    updates: file("updates"),
    /** Alerts that were told. */
    alerts: file("alerts.json"),
    /** The process that starts it anew, where there is no systemd; and what both say. */
    supervisor: file("supervisor"),
    log: file("service.log"),
  };
}
