import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import * as path from "node:path";
import { createInterface } from "node:readline";
import { afterAll, expect, it } from "vitest";
import { projectRoot } from "../../lib/project";
import { until } from "../../lib/wait";
import { Commands } from "../support/program";

const commands = new Commands();
afterAll(commands.remove);
/** As Pulumi's SDK has them. */
const sdk = createRequire(path.join(projectRoot, "node_modules/@pulumi/pulumi/package.json"));

/** What Pulumi's engine is to a provider. */
interface Engine {
  create(request: unknown, answer: (error: Error | null, made: { getId(): string }) => void): void;
  cancel(nothing: unknown, answer: () => void): void;
  close(): void;
}
function engine(port: string): Engine {
  const { ResourceProviderClient } = sdk("./proto/provider_grpc_pb") as {
    ResourceProviderClient: new (address: string, credentials: unknown) => Engine;
  };
  const { credentials } = sdk("@grpc/grpc-js") as {
    credentials: { createInsecure(): unknown };
  };
  return new ResourceProviderClient(`127.0.0.1:${port}`, credentials.createInsecure());
}
function creation(properties: object): unknown {
  const { CreateRequest } = sdk("./proto/provider_pb") as {
    CreateRequest: new () => { setProperties(struct: unknown): void };
  };
  const { Struct } = sdk("google-protobuf/google/protobuf/struct_pb") as {
    Struct: { fromJavaScript(value: object): unknown };
  };
  const request = new CreateRequest();
  request.setProperties(Struct.fromJavaScript(properties));
  return request;
}
const nothing = (): unknown => {
  const { Empty } = sdk("google-protobuf/google/protobuf/empty_pb") as { Empty: new () => unknown };
  return new Empty();
};

/** A provider as Pulumi has them in its state; what it makes is made when it is interrupted. */
const provider = (started: string) => `
const { createRequire } = require("node:module");
const root = createRequire(process.cwd() + "/package.json");
root("tsx/cjs/api").register();
exports.handler = () => ({
  create: () => new Promise((resolve) => {
    const stop = root("./components/interrupt.ts").interrupted();
    stop.addEventListener("abort", () => resolve({ id: stop.reason.message, outs: {} }));
    require("node:fs").writeFileSync(${JSON.stringify(started)}, "");
  }),
});`;

it("a dynamic provider hears of Ctrl-C by what Pulumi asks it then", async () => {
  const file = path.join(projectRoot, "node_modules/@pulumi/pulumi/cmd/dynamic-provider");
  const child = spawn("node", [file, "127.0.0.1:1"], { cwd: projectRoot });
  try {
    const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
    const pulumi = engine(String((await lines.next()).value));
    const started = commands.path("started");
    const made = new Promise<string>((resolve, reject) =>
      pulumi.create(creation({ __provider: provider(started) }), (error, response) =>
        error ? reject(error) : resolve(response.getId()),
      ),
    );
    await until("it is at work", 60, () => Promise.resolve(existsSync(started)), 0.1);
    await new Promise<void>((resolve) => pulumi.cancel(nothing(), resolve));
    expect(await made).toBe("interrupted");
    pulumi.close();
  } finally {
    child.kill();
  }
}, 90_000);
