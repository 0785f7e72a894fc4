import { isOutdated, powerCycle } from "./power";

/** `powerProgram.ts DOMAIN ADDRESS look|cycle`: says "outdated" for a container that needs a new start, or starts it anew. */
async function main([domain = "", address = "", what = ""]: string[]): Promise<void> {
  if (what === "look") console.log((await isOutdated(domain)) ? "outdated" : "");
  else if (what === "cycle") await powerCycle(domain, address);
  else throw new Error(`"${what}": look or cycle`);
}

if (require.main === module) {
  main(process.argv.slice(2)).catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : String(error));
    process.exit(1);
  });
}
