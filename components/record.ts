import * as pulumi from "@pulumi/pulumi";
import { parseRecord, RECORD_TYPE as TYPE, type SiteRecord } from "../plan/record";

/**
 * What the next config is held against, kept in the stack's state. Make it before all else: it is there also when what
 * comes after it fails, which outputs of the stack are not.
 */
export class KeptRecord extends pulumi.ComponentResource {
  constructor(name: string, record: SiteRecord, opts?: pulumi.ComponentResourceOptions) {
    super(TYPE, name, {}, opts);
    this.registerOutputs({ record });
  }
}

/** What the stack's last `up` left: undefined when there was none, or when it was of a version that kept nothing. */
export async function lastRecord(): Promise<SiteRecord | undefined> {
  const own = [pulumi.getOrganization(), pulumi.getProject(), pulumi.getStack()].join("/");
  // Of the engine itself, as StackReference is.
  const { outputs = {} } = (await pulumi.runtime.invoke("pulumi:pulumi:readStackResourceOutputs", {
    stackName: own,
  })) as { outputs?: Record<string, { type: string; outputs: Record<string, unknown> }> };
  const kept = Object.values(outputs).find(({ type }) => type === TYPE);
  return kept?.outputs["record"] === undefined ? undefined : parseRecord(kept.outputs["record"]);
}
