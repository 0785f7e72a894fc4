import { execFile } from "node:child_process";
import { promisify } from "node:util";
import * as pulumi from "@pulumi/pulumi";

/** A hypervisor that is off does not even refuse, ms. */
const TIMEOUT = 10_000;

/** Names a hypervisor whose libvirt does not answer: the errors of the provider, which follow, do not. */
export async function warnUnlessAnswers(hypervisor: string, uri: string): Promise<void> {
  try {
    await promisify(execFile)("virsh", ["-q", "-c", uri, "uri"], { timeout: TIMEOUT });
  } catch {
    await pulumi.log.warn(`Hypervisor ${hypervisor} (${uri}): libvirt does not answer`);
  }
}
