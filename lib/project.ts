import * as path from "node:path";

/** The clone's directory. */
export const projectRoot = path.resolve(__dirname, "..");

/** A path of the config: relative ones are the project's. */
export const ofProject = (file: string): string => path.resolve(projectRoot, file);
