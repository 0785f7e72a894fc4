import * as path from "node:path";

/** The clone's directory. */
export const projectRoot = path.resolve(__dirname, "..");
