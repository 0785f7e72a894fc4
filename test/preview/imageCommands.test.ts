import * as fs from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import execa from "execa";
import * as yaml from "js-yaml";
import { expect, it } from "vitest";
import { parseConfig } from "../../components/house";
import { configCommands } from "../../image/disk";
import { projectRoot } from "../../lib/project";

it.each(["prod", "prod with a file"])(
  "what `npm run image` says brings the image into the config of %s",
  async (which) => {
    const dir = fs.mkdtempSync(path.join(tmpdir(), "hpc-ha-image-"));
    const config = path.join(dir, "Pulumi.s.yaml");
    const images = ["0", "1"].map((n) => ({
      file: `/images/vm ${n}.qcow2`,
      sha512: n.repeat(128),
    }));
    try {
      fs.copyFileSync(path.join(projectRoot, "Pulumi.yaml"), path.join(dir, "Pulumi.yaml"));
      fs.copyFileSync(path.join(projectRoot, "Pulumi.prod.yaml"), config);
      const env = {
        PULUMI_BACKEND_URL: `file://${dir}`,
        PULUMI_CONFIG_PASSPHRASE: "none",
        PULUMI_CONFIG_PASSPHRASE_FILE: undefined,
      };
      const sh = (command: string) => execa("sh", ["-c", command], { cwd: dir, env });
      await sh("pulumi stack init s");
      for (const image of images.slice(0, which === "prod" ? 1 : 2)) {
        for (const command of configCommands(image)) await sh(command);
        const { config: said } = yaml.load(fs.readFileSync(config, "utf8")) as {
          config: Record<string, unknown>;
        };
        const raw = Object.entries(said).map(([key, value]) => [
          key.replace(/^hpc-ha:/, ""),
          typeof value === "string" ? value : JSON.stringify(value),
        ]);
        expect(parseConfig(Object.fromEntries(raw) as Record<string, string>).vm?.image).toEqual(
          image,
        );
      }
    } finally {
      fs.rmSync(dir, { recursive: true });
    }
  },
);
