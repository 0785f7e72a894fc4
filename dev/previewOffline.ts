import { randomBytes } from "node:crypto";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { parseArgs } from "node:util";
import execa from "execa";
import * as yaml from "js-yaml";
import { buildPortal } from "../portal/build";
import { ensureToolchain } from "../toolchain/setup";
import { hpcHome } from "../lib/home";
import { projectRoot } from "../lib/project";

const USAGE = `usage: npm run preview:offline -- --stack NAME [--config KEY=VALUE]… [options of pulumi preview]
Prints what a first \`pulumi up\` of the stack would make, without a hypervisor, an image or the stack's state.`;

interface StackFile {
  config: Record<string, unknown>;
  encryptionsalt?: string;
}

/**
 * Previews a stack's config against an empty state of its own. With nothing there yet, the hypervisors' addresses are
 * not known before they were checked, so Pulumi plans everything and connects to none of them.
 * @param changes config values instead of the file's; keys without the project
 * @param options further options of `pulumi preview`
 * @returns the finished run of `pulumi preview`, which may have failed
 */
export async function previewOffline(
  stack: string,
  changes: Record<string, string>,
  options: string[],
  stdio: "inherit" | "pipe",
): Promise<execa.ExecaReturnValue> {
  const source = path.join(projectRoot, `Pulumi.${stack}.yaml`);
  if (!fs.existsSync(source)) throw new Error(`No stack "${stack}": there is no ${source}`);
  const file = yaml.load(fs.readFileSync(source, "utf8")) as StackFile;
  // It belongs to the real state, whose passphrase is not needed here.
  delete file.encryptionsalt;
  for (const [key, value] of Object.entries(changes)) file.config[`hpc-ha:${key}`] = value;
  file.config["hpc-ha:ssh"] = keysOf(file.config["hpc-ha:ssh"] as Keys | undefined);

  const dir = fs.mkdtempSync(path.join(tmpdir(), "hpc-ha-preview-"));
  try {
    const config = path.join(dir, path.basename(source));
    fs.writeFileSync(config, yaml.dump(file));
    fs.copyFileSync(path.join(projectRoot, "Pulumi.yaml"), path.join(dir, "Pulumi.yaml"));
    fs.mkdirSync(path.join(dir, "state"));
    const env = {
      PULUMI_BACKEND_URL: `file://${dir}/state`,
      PULUMI_CONFIG_PASSPHRASE: randomBytes(16).toString("hex"),
      PULUMI_CONFIG_PASSPHRASE_FILE: undefined,
    };
    await execa("pulumi", ["stack", "init", stack, "--no-select", "--non-interactive"], {
      cwd: dir,
      env,
    });
    return await execa(
      "pulumi",
      ["preview", "--stack", stack, "--config-file", config, "--non-interactive", ...options],
      { cwd: projectRoot, env, stdin: "ignore", stdout: stdio, stderr: stdio, reject: false },
    );
  } finally {
    fs.rmSync(dir, { recursive: true });
  }
}

type Keys = { privateKeyFile?: string; authorizedKeys?: string[] };

/** Who may log in: whoever previews the plan may, with the key of this machine's set-up. */
function keysOf({ privateKeyFile: _, ...keys }: Keys = {}): Keys {
  if (!Array.isArray(keys.authorizedKeys)) return keys;
  const own = fs.readFileSync(path.join(hpcHome(), "ssh", "id_ed25519.pub"), "utf8").trim();
  return { ...keys, authorizedKeys: [...keys.authorizedKeys, own] };
}

/** What of the arguments is this program's, and what Pulumi's. Undefined: no stack was named. */
export function parseArguments(
  args: string[],
): { stack: string; changes: Record<string, string>; others: string[] } | undefined {
  const { values, tokens } = parseArgs({
    args,
    options: {
      stack: { type: "string", short: "s" },
      config: { type: "string", short: "c", multiple: true },
    },
    strict: false,
    tokens: true,
  });
  if (typeof values.stack !== "string") return undefined;
  const changes = (values.config ?? []).map((pair): [string, string] => {
    const [key = "", ...value] = String(pair).split("=");
    return [key, value.join("=")];
  });
  // The values of Pulumi's options stand where they stood: which of its options have one is for Pulumi to know.
  const ours = new Set<number>();
  for (const token of tokens) {
    if (token.kind === "option-terminator") ours.add(token.index);
    if (token.kind !== "option" || !["stack", "config"].includes(token.name)) continue;
    ours.add(token.index);
    if (token.value !== undefined && !token.inlineValue) ours.add(token.index + 1);
  }
  const others = args.filter((_, i) => !ours.has(i));
  return { stack: values.stack, changes: Object.fromEntries(changes), others };
}

async function main(args: string[]): Promise<number> {
  const asked = parseArguments(args);
  if (asked === undefined) {
    console.error(USAGE);
    return 2;
  }
  await ensureToolchain((text) => console.error(text));
  await buildPortal();
  return (await previewOffline(asked.stack, asked.changes, asked.others, "inherit")).exitCode;
}

if (require.main === module) {
  main(process.argv.slice(2)).then(
    (code) => process.exit(code),
    (error: unknown) => {
      console.error(error instanceof Error ? error.message : String(error));
      process.exit(1);
    },
  );
}
