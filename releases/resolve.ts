import { ofProject } from "../lib/project";
import { commitOf } from "./git";
import { type Release, releaseId, type Repository } from "./release";
import { treeHash } from "./tree";

/** What a service runs, as the stack config says it. */
export interface Wanted {
  source: { path: string } | (Repository & { version: string });
  build?: string | undefined;
}

/**
 * Says what exactly each service runs: branches and tags become the commits that they are at now, directories their
 * content. Each repository is asked once for each version. Services with the same content and build get the same release.
 * @returns a release for each service; where one cannot be known, a fault instead
 */
export function resolveReleases(services: Wanted[]): { releases: Release[]; faults: string[] } {
  const known = new Map<string, string>();
  const once = (key: unknown, work: () => string) => {
    const text = JSON.stringify(key);
    const value = known.get(text) ?? work();
    known.set(text, value);
    return value;
  };
  const releases: Release[] = [];
  const faults: string[] = [];
  services.forEach(({ source, build }, i) => {
    const fault = (key: string, value: string, error: unknown) =>
      faults.push(`services.${i}.source.${key} = ${JSON.stringify(value)}: ${reason(error)}`);
    const add = (content: string, of: Release["source"]) =>
      releases.push({
        id: releaseId(content, build),
        source: of,
        ...(build !== undefined && { build }),
      });
    if ("path" in source) {
      try {
        const hash = once(source, () => treeHash(ofProject(source.path)));
        add(hash, { path: source.path, hash });
      } catch (error) {
        fault("path", source.path, error);
      }
    } else {
      const { version, ...repository } = source;
      try {
        const commit = once(source, () => commitOf(repository, version));
        add(commit, { ...repository, commit });
      } catch (error) {
        fault("version", version, error);
      }
    }
  });
  return { releases, faults };
}

const reason = (error: unknown): string => (error instanceof Error ? error.message : String(error));
