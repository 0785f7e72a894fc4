import pc from "picocolors";
import { startService, stopService } from "../autoscaler/launch";
import { ensureImage } from "../image/containerImage";
import { slurmOf } from "../image/slurmOf";
import { buildPortal } from "../portal/build";
import { ensureHost, releaseHost } from "../toolchain/host";
import { elapsed, type Progress, step } from "../lib/progress";
import { ensureToolchain } from "../toolchain/setup";
import { hpcHome } from "../lib/home";
import { loginCommand } from "../lib/ssh";
import { machineHealth } from "../site/health";
import { Stack } from "../site/stack";

const progress: Progress = (text) => console.log(text);

/** Everything that a stack of containers needs on this machine before `pulumi up`. The tests' is like the lab's. */
export async function prepare(): Promise<void> {
  await ensureToolchain(progress);
  await ensureHost(progress);
  await ensureImage(progress, await slurmOf("lab"));
  await step("Web portal", progress, buildPortal);
}

async function up(): Promise<void> {
  const start = Date.now();
  await prepare();
  const lab = new Stack("lab", progress);
  await lab.ensure();
  try {
    await step("pulumi up (stack lab)", progress, () => lab.up("--refresh"));
  } catch (error) {
    progress("What was made runs on. To go on: npm run lab. To remove it all: npm run lab:down");
    throw error;
  }
  const { autoscaler, console } = await lab.outputs();
  if (autoscaler) {
    await step("Autoscaler", progress, () => startService(lab.name, autoscaler));
  } else await stopService(lab.name);
  await show(lab);
  if (console !== undefined) {
    progress(`  Autoscaler: ${console}, user operator; its password: npx hpc autoscaler password`);
  }
  progress(`\nThe lab runs (${elapsed(start)}). Next:`);
  progress(`  . ${hpcHome()}/env.sh && pulumi stack select lab     # once per shell`);
  progress("  pulumi config set webReplicas 4 && pulumi up     # scale the web tier");
  progress("  npm run lab:down                                 # remove it all");
}

/** Prints machines with role, address and health, and what to open. */
async function show(stack: Stack): Promise<void> {
  const outputs = await stack.outputs();
  const rows = await machineHealth(outputs);
  progress("");
  for (const { name, tier, address, health, vips } of rows) {
    const colour = health === "ok" ? pc.green : pc.red;
    const held = vips.length === 0 ? "" : `  holds the ${vips.join(" and ")} VIP`;
    progress(
      `  ${name.padEnd(10)} ${tier.padEnd(12)} ${address.padEnd(15)} ${colour(health)}${held}`,
    );
  }
  progress("");
  for (const [name, url] of Object.entries(outputs.urls)) progress(`  ${name.padEnd(28)} ${url}`);
  progress(`\n  CA certificate: ${outputs.caFile}`);
  progress(`  Log in to a machine: ${loginCommand(outputs.ssh, "ADDRESS")}`);
  progress(
    `  Log in to the portal: ${outputs.portalUser}, password: pulumi stack output portalPassword --show-secrets`,
  );
}

async function down(): Promise<void> {
  await ensureToolchain(progress);
  await ensureHost(progress);
  const lab = new Stack("lab", progress);
  await stopService(lab.name);
  await step("pulumi destroy (stack lab)", progress, () => lab.removeWhatever());
  await releaseHost(progress);
  progress(`The lab is gone. Kept for the next time: tools and machine image in ${hpcHome()}`);
}

if (require.main === module) {
  const actions: Record<string, () => Promise<void>> = { up, down };
  const action = actions[process.argv[2] ?? ""];
  if (!action) {
    console.error(`usage: lab ${Object.keys(actions).join("|")}`);
    process.exit(2);
  }
  action().catch((error: unknown) => {
    console.error(pc.red(error instanceof Error ? error.message : String(error)));
    process.exit(1);
  });
}
