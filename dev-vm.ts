import { ensureDisk } from "./image/disk";
import { buildPortal } from "./portal/build";
import { ensurePackages } from "./toolchain/host";
import { NEEDS, startHypervisors } from "./test/vm/hypervisors";
import { baseState, configure, stack } from "./test/vm/site";

async function main(): Promise<void> {
  await ensurePackages(NEEDS, console.log);
  await ensureDisk(console.log);
  await buildPortal();
  await configure();
  await stack.ensure();
  await startHypervisors();
  await baseState();
}
main().catch((e: unknown) => {
  console.error(e);
  process.exit(1);
});
