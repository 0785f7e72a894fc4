import { execFileSync, spawn } from "node:child_process";
import * as fs from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import * as path from "node:path";
import { Certificates } from "./ownCertificate";

/** Writes files into a repository that is made where there is none, and commits them. @returns the commit */
export function commit(repository: string, files: Record<string, string>, tag?: string): string {
  fs.mkdirSync(repository, { recursive: true });
  if (!fs.existsSync(path.join(repository, ".git"))) git(repository, "init", "-q", "-b", "main");
  for (const [name, text] of Object.entries(files)) {
    fs.mkdirSync(path.dirname(path.join(repository, name)), { recursive: true });
    fs.writeFileSync(path.join(repository, name), text);
  }
  git(repository, "add", "--all");
  git(repository, "commit", "-q", "-m", "a commit");
  if (tag !== undefined) git(repository, "tag", "-a", "-m", "a tag", tag);
  return git(repository, "rev-parse", "HEAD");
}

export function git(repository: string, ...args: string[]): string {
  const who = ["-c", "user.name=test", "-c", "user.email=test@example.org"];
  return execFileSync("git", ["-C", repository, ...who, ...args], { encoding: "utf8" }).trim();
}

export interface GitServer {
  /** `https://…/`, before a repository's path. */
  url: string;
  /** File of the certificate that it must be verified with. */
  ca: string;
  /** Whom it answered: method, path, and user or "nobody". */
  asked: string[];
  close(): void;
}

/**
 * A git server on the loopback that gives the repositories below a directory: `private/…` only to who has the token, all
 * others to everybody.
 * @param own directory for its certificate
 */
export async function gitServer(root: string, token: string, own: string): Promise<GitServer> {
  const made = new Certificates(own);
  await made.make("git", undefined, ["subjectAltName=IP:127.0.0.1"]);
  const backend = path.join(
    execFileSync("git", ["--exec-path"], { encoding: "utf8" }).trim(),
    "git-http-backend",
  );
  const asked: string[] = [];
  const server = createServer(
    { key: made.read("git.key"), cert: made.read("git.pem") },
    (request, reply) => {
      const { pathname, search } = new URL(request.url ?? "/", "https://git");
      const given = /^Basic (.*)$/.exec(request.headers.authorization ?? "")?.[1] ?? "";
      const [user = "", password] = Buffer.from(given, "base64").toString().split(":");
      asked.push(`${request.method} ${pathname} ${user || "nobody"}`);
      if (pathname.startsWith("/private/") && password !== token) {
        reply.writeHead(401, { "www-authenticate": "Basic realm=git" }).end();
        return;
      }
      const child = spawn(backend, [], {
        env: {
          ...process.env,
          GIT_PROJECT_ROOT: root,
          GIT_HTTP_EXPORT_ALL: "1",
          PATH_INFO: pathname,
          QUERY_STRING: search.slice(1),
          REQUEST_METHOD: request.method,
          CONTENT_TYPE: request.headers["content-type"] ?? "",
          HTTP_CONTENT_ENCODING: request.headers["content-encoding"] ?? "",
          GIT_PROTOCOL: String(request.headers["git-protocol"] ?? ""),
        },
      });
      request.pipe(child.stdin);
      const said: Buffer[] = [];
      child.stdout.on("data", (part: Buffer) => said.push(part));
      child.on("close", () => {
        const all = Buffer.concat(said);
        const end = all.indexOf("\r\n\r\n");
        const headers = all.subarray(0, end).toString().split("\r\n");
        for (const header of headers) {
          const [name = "", value = ""] = header.split(/: (.*)/);
          if (name === "Status") reply.statusCode = parseInt(value);
          else reply.setHeader(name, value);
        }
        reply.end(all.subarray(end + 4));
      });
    },
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `https://127.0.0.1:${port}/`,
    ca: made.file("git.pem"),
    asked,
    close: () => server.close(),
  };
}
