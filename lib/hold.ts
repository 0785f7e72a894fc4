import { execFileSync } from "node:child_process";
import { closeSync, openSync } from "node:fs";

/**
 * Waits until nobody else on this machine holds a file, and holds it. The kernel lets go of it when this process ends,
 * however that happens.
 * @returns lets go of it
 */
export function hold(file: string): () => void {
  const descriptor = openSync(file, "a", 0o600);
  // The lock belongs to the open file, which this process shares with the command that takes it.
  execFileSync("flock", ["3"], { stdio: ["ignore", "ignore", "inherit", descriptor] });
  return () => closeSync(descriptor);
}
