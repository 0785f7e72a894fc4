import * as fs from "node:fs";
import { z } from "zod";
import { writeWhole } from "../../lib/wholeFile";
import type { Alert } from "../model";

/** What each sender has told, over a restart. */
export interface AlertStore {
  read(): Record<string, Alert[]>;
  /** @throws Error when it cannot be kept */
  write(told: Record<string, Alert[]>): void;
}

const alert = z.object({
  name: z.string(),
  severity: z.enum(["warning", "critical"]),
  summary: z.string(),
  since: z.number(),
});
const schema = z.record(z.string(), z.array(alert));

/** In a file (0600) that is whole at every moment. */
export const alertFile = (file: string): AlertStore => ({
  read() {
    try {
      return schema.parse(JSON.parse(fs.readFileSync(file, "utf8"))) as Record<string, Alert[]>;
    } catch {
      // None yet, or none that can be read: then what lasts is told once more, which is better than never.
      return {};
    }
  },
  write: (told) => writeWhole(file, JSON.stringify(told)),
});
