import * as fs from "node:fs";
import * as path from "node:path";
import { projectRoot } from "../../lib/project";
import { scratch } from "./scratch";
import { services, type Values } from "./steps";

/** The portal's service app of another release: with one file more. @param name of the release */
export function release(name: string): Values {
  const directory = scratch(`release-${name}`);
  fs.cpSync(path.join(projectRoot, "portal/dist"), directory, { recursive: true });
  fs.writeFileSync(path.join(directory, "RELEASE"), `${name}\n`);
  return services("app", { source: { path: directory } });
}
