import * as net from "node:net";
import type { Snapshot } from "../console/wire";
import type { Order } from "../orders";

/** What is asked over the socket: one line of JSON, and one for the answer. */
export type Request = { order: Order; by: string } | { snapshot: true };
export interface Answer {
  /** Why it could not be done. */
  error?: string;
  snapshot?: Snapshot;
}

/** A service that answers answers within this time, ms. */
const PATIENCE = 10_000;

/** The service of this machine. Its methods throw an Error in words for a person. @param file its socket */
export function callService(file: string): {
  order(order: Order, by: string): Promise<void>;
  snapshot(): Promise<Snapshot>;
} {
  return {
    async order(order, by) {
      await ask(file, { order, by });
    },
    async snapshot() {
      const { snapshot } = await ask(file, { snapshot: true });
      if (!snapshot) throw new Error("the autoscaler's service did not say how it is");
      return snapshot;
    },
  };
}

/** @throws Error when nobody answers, or what was asked for was refused */
function ask(file: string, request: Request): Promise<Answer> {
  return new Promise((resolve, reject) => {
    let text = "";
    const socket = net.connect(file, () => socket.write(`${JSON.stringify(request)}\n`));
    socket.setEncoding("utf8");
    socket.setTimeout(PATIENCE, () => {
      socket.destroy(
        new Error(`the autoscaler's service did not answer within ${PATIENCE / 1000} s`),
      );
    });
    socket.on("data", (chunk: string) => (text += chunk));
    socket.on("error", (error: NodeJS.ErrnoException) => {
      const off = error.code === "ENOENT" || error.code === "ECONNREFUSED";
      reject(
        off
          ? new Error("the autoscaler's service does not run here: npx hpc autoscaler start")
          : error,
      );
    });
    socket.on("end", () => {
      try {
        const answer = JSON.parse(text) as Answer;
        if (answer.error === undefined) resolve(answer);
        else reject(new Error(answer.error));
      } catch {
        reject(new Error("the autoscaler's service ended before it answered"));
      }
    });
  });
}
