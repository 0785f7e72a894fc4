import * as fs from "node:fs";
import * as path from "node:path";
import type { StackOutputs } from "../../site/stack";
import {
  CLIENTS,
  type Client,
  type FaultOptions,
  type Report,
  type Verdict,
} from "../support/load/faultProtocol";
import { pace } from "../support/pace";
import { webSettings } from "../support/playbooks";
import { RemoteProgram } from "../support/remoteProgram";
import { eventually } from "../support/site";

/** Longest life of the clients, s. */
const LONGEST = Math.round(3600 * pace());
/** They begin no case after so much of it: the longest one takes a third of the rest. */
const OLD = 0.5;
/** All clients are served again within this time, whatever happened, s. */
const RECOVERY = 60;

/** Continuous clients of every tier on the machine `client`. */
export class FaultClients {
  private readonly born = Date.now();
  private constructor(private readonly program: RemoteProgram) {}

  /** @param run sets what they write in the first case apart */
  static async start(
    outputs: StackOutputs,
    run: string,
    { webUsers, authority = "" }: Pick<FaultOptions, "webUsers"> & { authority?: string },
  ): Promise<FaultClients> {
    const options: FaultOptions = {
      run,
      url: outputs.urls["app"] ?? "",
      ca: `${fs.readFileSync(outputs.caFile, "utf8")}\n${authority}`,
      slurmVip: outputs.vips.slurm,
      ...(await webSettings()),
      webUsers,
      pace: pace(),
      seconds: LONGEST,
    };
    const source = path.join(__dirname, "../support/load/faultClients.ts");
    const program = await RemoteProgram.start(outputs, "client", source, LONGEST);
    program.say(JSON.stringify(options));
    const clients = new FaultClients(program);
    await clients.progress("all clients are at work", 3);
    return clients;
  }

  report = async () => (await this.program.ask("report")) as Report;

  /** What they see is measured from now on. */
  mark = () => this.program.ask("mark");

  /** The verdict on the case that ends; they go on under a new name. */
  next = async (run: string) => (await this.program.ask(`next ${run}`)) as Verdict;

  /** Waits until every client, but for some, had so many more acknowledgements. */
  async progress(what: string, more: number, without: Client[] = []): Promise<void> {
    const before = await this.report();
    const waiting = (now: Report) =>
      CLIENTS.filter(
        (c) => !without.includes(c) && now[c].acknowledged < before[c].acknowledged + more,
      );
    let late: Client[] = [];
    await eventually(what, RECOVERY, async () => {
      late = waiting(await this.report());
      return late.length === 0;
    }).catch((error: Error) => {
      throw new Error(`${error.message}; waiting for: ${late.join(", ")}`);
    });
  }

  /** Whether others should take their place before the next case. */
  isOld = () => Date.now() - this.born > LONGEST * OLD * 1000;
  stop = async () => (await this.program.end()) as Verdict;
  kill = () => this.program.kill();
}
