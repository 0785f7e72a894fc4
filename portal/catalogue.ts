/** The eight services of the sample portal (requirements): what is deployed where the stack config lists no services. */

/** What a service of the portal does: which routes it has. */
export type Routes = "authentication" | "pages" | "settings" | "echo";

interface PortalService {
  name: string;
  port: number;
  path: string;
  routes: Routes;
  balance?: "roundrobin";
  sticky?: boolean;
}

export const CATALOGUE = [
  {
    name: "auth_portal",
    port: 4430,
    path: "/auth",
    routes: "authentication",
    balance: "roundrobin",
  },
  { name: "auth_frontend", port: 4431, path: "/", routes: "pages" },
  { name: "backend", port: 5010, path: "/dashboard/api", routes: "settings" },
  { name: "websocket", port: 5011, path: "/vnc", routes: "echo", sticky: true },
  { name: "kooCAEWebServer", port: 5000, path: "/cae", routes: "pages" },
  { name: "kooCAEWebAutomationServer", port: 5001, path: "/cae/automation", routes: "pages" },
  { name: "dashboard", port: 5173, path: "/dashboard", routes: "pages" },
  { name: "app", port: 5174, path: "/app", routes: "pages" },
] as const satisfies readonly PortalService[];

export type ServiceName = (typeof CATALOGUE)[number]["name"];

/** The same as a stack config says it. */
export const SAMPLE_PORTAL = CATALOGUE.map(({ routes: _, ...service }) => ({
  ...service,
  source: { path: "portal/dist" },
  start: `node --max-old-space-size=64 portal.js ${service.name}`,
}));
