import * as fs from "node:fs";
import * as path from "node:path";
import type { Places } from "./pulumi";

/** Writes `env.sh` and takes its variables over. What the user has set for state and secrets stays. */
export function useEnvironment(places: Places, bin: string | undefined): void {
  const lib = path.join(places.ansible, "lib");
  const python = fs.readdirSync(lib).find((name) => name.startsWith("python")) ?? "";
  const dirs = [...(bin === undefined ? [] : [bin]), path.join(places.ansible, "bin")];
  const state = path.join(places.home, "state");
  fs.mkdirSync(state, { recursive: true, mode: 0o700 });
  const fixed = {
    PULUMI_HOME: places.pulumiHome,
    PULUMI_SKIP_UPDATE_CHECK: "true",
    // Types are checked by `npm test`; checking them at every `pulumi` command costs seconds.
    PULUMI_NODEJS_TRANSPILE_ONLY: "true",
    // The local backend's secrets belong to this machine: their salt is not for the stack's config file.
    PULUMI_FALLBACK_TO_STATE_SECRETS_MANAGER: "true",
    HPC_HA_MITOGEN: path.join(lib, python, "site-packages/ansible_mitogen/plugins/strategy"),
  };
  const backend = `file://${state}`;
  const passphrase = path.join(places.home, "passphrase");
  const text = [
    "# Written by `npm run setup`. Source it to use pulumi and ansible-playbook in this project.",
    // Sourcing it twice changes nothing.
    ...dirs.map((d) => `case ":$PATH:" in *":${d}:"*) ;; *) PATH="${d}:$PATH" ;; esac`),
    "export PATH",
    ...Object.entries(fixed).map(([name, value]) => `export ${name}="${value}"`),
    `export PULUMI_BACKEND_URL="\${PULUMI_BACKEND_URL:-${backend}}"`,
    `if [ -z "\${PULUMI_CONFIG_PASSPHRASE+x}\${PULUMI_CONFIG_PASSPHRASE_FILE+x}" ]; then`,
    `  export PULUMI_CONFIG_PASSPHRASE_FILE="${passphrase}"`,
    "fi",
    "",
  ].join("\n");
  const file = path.join(places.home, "env.sh");
  if (!fs.existsSync(file) || fs.readFileSync(file, "utf8") !== text) {
    fs.writeFileSync(`${file}.new`, text);
    fs.renameSync(`${file}.new`, file);
  }
  const env = process.env;
  env["PATH"] = [...dirs, env["PATH"] ?? ""].join(path.delimiter);
  Object.assign(env, fixed);
  env["PULUMI_BACKEND_URL"] ??= backend;
  if (env["PULUMI_CONFIG_PASSPHRASE"] === undefined) {
    env["PULUMI_CONFIG_PASSPHRASE_FILE"] ??= passphrase;
  }
}
