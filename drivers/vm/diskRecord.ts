import * as fs from "node:fs";
import * as path from "node:path";

/** The last disk image that was built on this machine, and from what. */
export interface DiskRecord {
  file: string;
  sha512: string;
  /** Stands for all that it was made from, but the packages' versions. */
  recipe: string;
  /** ms since 1970. */
  built: number;
  /** Ids of the releases of web services in it; of an older version of this program: none. */
  releases?: string[];
}

const recordFile = (home: string) => path.join(home, "images", "vm.json");

/** @returns undefined when none was built here */
export function readDiskRecord(home: string): DiskRecord | undefined {
  const file = recordFile(home);
  return fs.existsSync(file)
    ? (JSON.parse(fs.readFileSync(file, "utf8")) as DiskRecord)
    : undefined;
}

export const writeDiskRecord = (home: string, record: DiskRecord): void =>
  fs.writeFileSync(recordFile(home), JSON.stringify(record));
