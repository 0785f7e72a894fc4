import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import execa from "execa";

/** What libvirt is given: a document as the provider writes it, changed by the style sheet of a resource. */
export async function transformed(inputs: Record<string, unknown>, xml: string): Promise<string> {
  const { xslt } = inputs["xml"] as { xslt: string };
  const dir = mkdtempSync(path.join(tmpdir(), "hpc-ha-unit-"));
  try {
    const file = path.join(dir, "sheet.xsl");
    writeFileSync(file, xslt);
    const { stdout } = await execa("xsltproc", ["--nonet", file, "-"], { input: xml });
    return stdout.replace(/^<\?xml.*\?>\s*/, "");
  } finally {
    rmSync(dir, { recursive: true });
  }
}
