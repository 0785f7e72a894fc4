import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import { homedir } from "node:os";
import * as path from "node:path";

/** Variables of this machine that say how networks and package registries are reached. */
const PASSED =
  /^(https?_proxy|no_proxy|all_proxy|npm_config_\w+|pip_\w+|uv_\w+|yarn_\w+|pnpm_\w+)$/i;
/** Variables that name certificates. */
const CERTIFICATES =
  /^(SSL_CERT_FILE|SSL_CERT_DIR|REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE|NODE_EXTRA_CA_CERTS|GIT_SSL_CAINFO)$/;

/** Files with the same: of this machine (or user, below ~), and where the environment's programs look for them. */
const FILES = [
  { from: "/etc/resolv.conf", to: "/etc/resolv.conf" },
  { from: "/etc/hosts", to: "/etc/hosts" },
  { from: "/usr/etc/npmrc", to: "/etc/npmrc" },
  { from: "/etc/npmrc", to: "/etc/npmrc" },
  { from: "~/.npmrc", to: "~/.npmrc" },
  { from: "/etc/pip.conf", to: "/etc/pip.conf" },
  { from: "~/.config/pip/pip.conf", to: "~/.config/pip/pip.conf" },
  { from: "~/.pip/pip.conf", to: "~/.pip/pip.conf" },
];
/** Certificates that this machine trusts, in one file: Debian's place, Red Hat's. */
const TRUSTED = ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt"];
const BUNDLE = "/etc/ssl/certs/ca-certificates.crt";

/** Variables of a build: this machine's settings, and a fixed rest. */
export function buildVariables(host: NodeJS.ProcessEnv, home: string): NodeJS.ProcessEnv {
  const passed = Object.entries(host).filter(
    ([name]) => PASSED.test(name) || CERTIFICATES.test(name),
  );
  return {
    // The environment trusts the same authorities; node and pip are told so. A certificate in pip's own settings comes first.
    NODE_EXTRA_CA_CERTS: BUNDLE,
    REQUESTS_CA_BUNDLE: BUNDLE,
    ...Object.fromEntries(
      passed.filter(([name]) => !/^npm_config_(cache|prefix|globalconfig|userconfig)$/i.test(name)),
    ),
    PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    HOME: home,
    USER: "build",
    LANG: "C.UTF-8",
    TERM: "dumb",
    CI: "true",
  };
}

/**
 * Gives a root file system this machine's settings of network and package registries, and the files that they name: a
 * mirror's certificate, a directory of wheels.
 */
export function addSettings(root: string, home: string, host = process.env): void {
  const texts: string[] = [];
  for (const { from, to } of FILES) {
    const file = from.replace("~", homedir());
    if (!fs.existsSync(file)) continue;
    const text = fs.readFileSync(file, "utf8");
    write(path.join(root, to.replace("~", home)), text);
    if (/npmrc|pip/.test(file)) texts.push(text);
  }
  fs.mkdirSync(path.join(root, home), { recursive: true });
  const trusted = TRUSTED.find((file) => fs.existsSync(file));
  if (trusted !== undefined) write(path.join(root, BUNDLE), fs.readFileSync(trusted, "utf8"));
  for (const file of namedFiles(buildVariables(host, home), texts)) show(root, file);
}

/** Absolute paths that settings name: values of variables, and of lines of files. */
export function namedFiles(variables: NodeJS.ProcessEnv, texts: string[]): string[] {
  const values = [
    ...Object.entries(variables).flatMap(([name, value]) => (name === "PATH" ? [] : [value ?? ""])),
    ...texts.flatMap((text) => [...text.matchAll(/=\s*(.*)$/gm)].map(([, value = ""]) => value)),
  ];
  const words = values
    .flatMap((value) => value.split(/\s+/))
    .map((word) => word.replace(/^file:\/\//, ""));
  return [...new Set(words.filter((word) => /^\/./.test(word)))];
}

/** Makes a path of this machine readable at the same place, unless the root file system has one of its own there. */
function show(root: string, file: string): void {
  const target = path.join(root, file);
  if (!fs.existsSync(file) || fs.existsSync(target)) return;
  if (fs.statSync(file).isDirectory()) fs.mkdirSync(target, { recursive: true });
  else write(target, "");
  execFileSync("mount", ["--bind", "-o", "ro", fs.realpathSync(file), target], { stdio: "pipe" });
}

function write(file: string, text: string): void {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.rmSync(file, { force: true });
  fs.writeFileSync(file, text);
  fs.chmodSync(file, 0o644);
}
