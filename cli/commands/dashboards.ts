import * as fs from "node:fs";
import * as path from "node:path";
import { panelPages } from "../../components/monitor/panels";
import { dashboardOf } from "../dashboards";
import type { Command } from "../command";

/** `npx hpc dashboards DIRECTORY`: the monitor's panels as files for a Grafana of the owner's. */
export const dashboards: Command = ({ stack, outputs, args: [directory], progress }) => {
  if (directory === undefined)
    throw new Error("dashboards DIRECTORY: where they are to be written");
  fs.mkdirSync(directory, { recursive: true });
  for (const page of panelPages(Object.keys(outputs.services))) {
    const file = path.join(directory, `${page.name}.json`);
    fs.writeFileSync(file, `${dashboardOf(stack.prefix, page)}\n`);
    progress(file);
  }
  return Promise.resolve(0);
};
