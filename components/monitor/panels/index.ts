import { anyOf } from "../rules/rule";
import { clusterPanels, slurmPanels } from "./cluster";
import { dataPanels } from "./data";
import { hostPanels } from "./hosts";
import { PAGES, type PageName, type Panel, type PanelPage } from "./panel";
import { webPanels } from "./web";

export { PAGES, type PageName, type Panel, type PanelPage, type Unit } from "./panel";

/** All panels, for the site's own console and for Grafana. @param services names of the web services */
export function panelPages(services: string[]): PanelPage[] {
  const web = `proxy=~"${anyOf(services)}"`;
  const pages: Record<PageName, [title: string, panels: Panel[]]> = {
    cluster: ["Cluster", clusterPanels(web)],
    slurm: ["Slurm", slurmPanels()],
    web: ["Web", webPanels(web)],
    data: ["Data", dataPanels()],
    hosts: ["Machines", hostPanels()],
  };
  return PAGES.map((name) => ({ name, title: pages[name][0], panels: pages[name][1] }));
}
