import type * as pulumi from "@pulumi/pulumi";

type Provider<Inputs, Outputs> = pulumi.dynamic.ResourceProvider<Inputs, Outputs>;
/** Without `read` a refresh believes the state; without `delete` nothing is to be undone. */
type Code<Inputs, Outputs> = Required<Omit<Provider<Inputs, Outputs>, "read" | "delete">> &
  Pick<Provider<Inputs, Outputs>, "read" | "delete">;

/**
 * A dynamic provider whose code is a file of the house. Pulumi serialises providers into the stack's state, with all
 * that they reach; this one is nothing but the way to the file, so that the state has no copy of the code, and the code
 * may use whatever it needs. The provider's process works in the project's root.
 * @param file below the root
 * @param name what the file exports
 */
export function providerOf<Inputs, Outputs>(
  file: string,
  name: string,
): pulumi.dynamic.ResourceProvider<Inputs, Outputs> {
  const load = (): Code<Inputs, Outputs> => {
    /* eslint-disable @typescript-eslint/no-require-imports -- loaded where it runs, which is another process */
    const { createRequire } = require("node:module") as typeof import("node:module");
    const fromRoot = createRequire(`${process.cwd()}/package.json`);
    (fromRoot("tsx/cjs/api") as { register(): void }).register();
    return (fromRoot(`./${file}`) as Record<string, unknown>)[name] as Code<Inputs, Outputs>;
  };
  return {
    diff: (...args) => load().diff(...args),
    create: (...args) => load().create(...args),
    update: (...args) => load().update(...args),
    delete: async (id, props) => {
      await load().delete?.(id, props);
    },
    read: async (id, props) => (await load().read?.(id, props)) ?? { id, props },
  };
}
