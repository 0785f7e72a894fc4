import * as fs from "node:fs";
import { isDeepStrictEqual } from "node:util";
import * as yaml from "js-yaml";

/**
 * Pulumi writes this machine's salt into the config file, which is the project's, and formats it its own way;
 * the state has the salt too. The file stays as it was unless its values changed meanwhile.
 */
export async function keepingConfig<T>(file: string, action: () => Promise<T>): Promise<T> {
  const read = () => fs.readFileSync(file, "utf8");
  const values = (text: string) => {
    const all = yaml.load(text) as Record<string, unknown>;
    return { ...all, encryptionsalt: undefined };
  };
  // Of a stack whose file is gone only the state is left, which is enough to remove it.
  if (!fs.existsSync(file)) return action();
  const before = read();
  try {
    return await action();
  } finally {
    if (isDeepStrictEqual(values(read()), values(before))) fs.writeFileSync(file, before);
  }
}
