import { execFileSync } from "node:child_process";
import { ofProject } from "../lib/project";
import { gitSsh } from "../lib/ssh";
import type { Repository } from "./release";

/** Longest wait for a server to say which commits it has, s. */
const ASK_SECONDS = 30;
/** User name where the URL has none: servers take any with a token. */
const TOKEN_USER = "git";

/** Whether a version is a commit by its full name, which means the same everywhere and always. */
const isCommit = (version: string): boolean => /^([0-9a-f]{40}|[0-9a-f]{64})$/.test(version);

/**
 * The commit that a branch or tag of a repository is at now.
 * @throws with git's own reason, or when there is none of this name
 */
export function commitOf(repository: Repository, version: string): string {
  if (isCommit(version)) return version;
  const refs = ["tags", "heads"].map((kind) => `refs/${kind}/${version}`);
  const said = git(repository, ["ls-remote", "--", repository.git, ...refs, `${refs[0]}^{}`], {
    seconds: ASK_SECONDS,
  });
  const commit = chooseCommit(said, version);
  if (commit === undefined) {
    throw new Error(
      `${repository.git} has no branch or tag of this name; a commit needs its full name`,
    );
  }
  return commit;
}

/** @param refs what `git ls-remote` says; a tag is taken before a branch of the same name, as git itself does */
export function chooseCommit(refs: string, version: string): string | undefined {
  const found = new Map(
    refs.split("\n").map((line) => {
      const [commit = "", ref = ""] = line.split("\t");
      return [ref, commit];
    }),
  );
  // An annotated tag is an object of its own; behind ^{} is what it points at.
  const order = [`refs/tags/${version}^{}`, `refs/tags/${version}`, `refs/heads/${version}`];
  return order.map((ref) => found.get(ref)).find((commit) => commit !== undefined);
}

/** Makes `directory` the work tree of a commit, with its submodules. @throws with git's own reason */
export function checkOut(repository: Repository, commit: string, directory: string): void {
  const run = (...args: string[]) => git(repository, ["-C", directory, ...args]);
  git(repository, ["init", "--quiet", directory]);
  // Submodules may be given relative to it.
  run("remote", "add", "origin", repository.git);
  try {
    run("fetch", "--quiet", "--depth=1", "origin", commit);
  } catch {
    // A server that gives no single commits.
    run("fetch", "--quiet", "--tags", "origin", "+refs/heads/*:refs/remotes/origin/*");
  }
  run("checkout", "--quiet", "--detach", commit);
  run("submodule", "--quiet", "update", "--init", "--recursive");
}

/**
 * Runs git without asking anybody. Key and token stay in their files: no command line and no variable has them.
 * @throws with the last thing that git said
 */
function git(
  { git: url, keyFile, tokenFile }: Repository,
  args: string[],
  { seconds }: { seconds?: number } = {},
): string {
  const settings: [string, string][] = [["core.autocrlf", "false"]];
  if (tokenFile !== undefined) {
    // An empty one first: no other helper is asked, and none is told.
    settings.push(["credential.helper", ""], ["credential.helper", TOKEN_HELPER]);
  }
  try {
    return execFileSync("git", args, {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
      ...(seconds !== undefined && { timeout: seconds * 1000 }),
      env: {
        ...process.env,
        LC_ALL: "C",
        GIT_TERMINAL_PROMPT: "0",
        GIT_ASKPASS: "true",
        GIT_SSH_COMMAND: gitSsh(keyFile && ofProject(keyFile)),
        HPC_HA_TOKEN_FILE: tokenFile === undefined ? "" : ofProject(tokenFile),
        HPC_HA_TOKEN_USER: userOf(url) ?? TOKEN_USER,
        GIT_CONFIG_COUNT: String(settings.length),
        ...Object.fromEntries(
          settings.flatMap(([key, value], i) => [
            [`GIT_CONFIG_KEY_${i}`, key],
            [`GIT_CONFIG_VALUE_${i}`, value],
          ]),
        ),
      },
    });
  } catch (error) {
    const { stderr, code } = error as { stderr?: string; code?: string };
    if (code === "ENOENT") throw new Error("git is not installed", { cause: error });
    const timedOut = code === "ETIMEDOUT" ? `no answer from ${url} within ${seconds} s` : undefined;
    const lines = (stderr ?? "").trim().split("\n");
    const reason = lines.find((line) => /^(fatal|error|.*denied|Host key)/i.test(line));
    throw new Error(timedOut ?? reason ?? lines.at(-1) ?? "git failed", { cause: error });
  }
}

/** Shell text that git runs with one more argument. `printf` is the shell's own: the token is on no command line. */
const TOKEN_HELPER =
  '!printf "username=%s\\npassword=%s\\n" "$HPC_HA_TOKEN_USER" "$(cat "$HPC_HA_TOKEN_FILE")"; true';

const userOf = (url: string): string | undefined => /^https:\/\/([^@/:]+)@/.exec(url)?.[1];
