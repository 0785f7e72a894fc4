import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import * as path from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { buildSync } from "esbuild";

/** What a browser is expected to know: those of the last two years. */
const TARGET = ["chrome115", "firefox115", "safari16.4"];
const directory = path.join(__dirname, "page");

/** A file of the page, as it is sent. */
export interface Asset {
  type: string;
  /** Its name tells its content: it may be kept for ever. */
  immutable: boolean;
  body: { identity: Buffer; gzip: Buffer; br: Buffer };
}

const TYPES: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
};

const asset = (name: string, content: string | Uint8Array, immutable: boolean): Asset => {
  const identity = Buffer.from(content);
  const body = {
    identity,
    gzip: gzipSync(identity, { level: 9 }),
    br: brotliCompressSync(identity),
  };
  return { type: TYPES[path.extname(name)] ?? "application/octet-stream", immutable, body };
};

/**
 * Bundles the page: its files by path. It takes a third of a second, so that the service does it at each start and no build
 * can be older than its sources.
 */
export function buildPage(): Map<string, Asset> {
  const { outputFiles } = buildSync({
    entryPoints: [path.join(directory, "main.tsx")],
    outdir: "/assets",
    bundle: true,
    write: false,
    platform: "browser",
    format: "esm",
    target: TARGET,
    minify: true,
    legalComments: "none",
    tsconfig: path.join(directory, "tsconfig.json"),
    logLevel: "error",
  });
  const icon = readFileSync(path.join(directory, "icon.svg"));
  const named = [
    ...outputFiles.map(({ path: file, contents }) => [path.basename(file), contents] as const),
    ["icon.svg", icon] as const,
  ].map(([name, contents]) => {
    const hash = createHash("sha256").update(contents).digest("hex").slice(0, 12);
    const { name: stem, ext } = path.parse(name);
    return { name, file: `/assets/${stem}-${hash}${ext}`, contents };
  });
  const html = named.reduce(
    (text, { name, file }) => text.replaceAll(`/assets/${name}`, file),
    readFileSync(path.join(directory, "index.html"), "utf8"),
  );
  return new Map([
    ["/", asset("index.html", html, false)],
    ...named.map(({ name, file, contents }) => [file, asset(name, contents, true)] as const),
  ]);
}
