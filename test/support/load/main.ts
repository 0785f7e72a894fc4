/**
 * Sends HTTPS requests at a steady rate and holds WebSockets, from a machine of the lab; bounded in rate and time.
 * stdin: the options as one line of JSON, then a command a line; its end is the end of the load.
 *   report   writes a Report as one line of JSON and starts a new one
 *   reopen   closes all WebSockets and opens them again with their cookies
 */
import { createInterface } from "node:readline";
import { type Options, type Report } from "./protocol";
import { Requests } from "./requests";
import { Sockets } from "./sockets";

async function main(): Promise<void> {
  const lines = createInterface(process.stdin)[Symbol.asyncIterator]();
  const options = JSON.parse(String((await lines.next()).value)) as Options;
  setTimeout(() => process.exit(3), options.seconds * 1000).unref();
  const requests = new Requests(options);
  const sockets = new Sockets(options);
  const report = () => {
    const text: Report = { ...requests.take(), sockets: sockets.take() };
    process.stdout.write(`${JSON.stringify(text)}\n`);
  };
  for (let line = await lines.next(); !line.done; line = await lines.next()) {
    if (line.value === "report") report();
    if (line.value === "reopen") await sockets.reopen();
  }
  await requests.stop();
  sockets.stop();
  report();
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
