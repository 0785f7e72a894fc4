import * as pulumi from "@pulumi/pulumi";
import { type Intent, type PlannedResource, resourceViolations, setViolations } from "./rules";

/**
 * Holds every resource against the rules before it is registered: at each preview, and at each `up` even without
 * one. What breaks a rule is neither made nor changed. Call it before the first resource.
 */
export function enforcePolicy(intent: Intent): void {
  const plan: PlannedResource[] = [];
  pulumi.runtime.registerResourceTransform(async (args) => {
    const resource = await read(args);
    plan.push(resource);
    const found = [...resourceViolations(resource), ...setViolations(plan, intent)];
    if (found.length > 0) throw new Error(`Against the policy: ${found.join("; ")}`);
    return undefined;
  });
}

async function read(args: pulumi.ResourceTransformArgs): Promise<PlannedResource> {
  const { protect, retainOnDelete } = args.opts;
  const provider = args.custom ? (args.opts as pulumi.CustomResourceOptions).provider : undefined;
  const urn = provider ? await promise(provider.urn) : "";
  return {
    type: args.type,
    name: args.name,
    inputs: args.props,
    protect: protect ?? false,
    retainOnDelete: retainOnDelete ?? false,
    provider: urn.split("::")[3] ?? "",
  };
}

const promise = <T>(output: pulumi.Output<T>): Promise<T> =>
  new Promise((resolve) => output.apply(resolve));
