import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import { Web, type WebArgs } from "../../../components/web";
import { released, Releases } from "../../../components/web/releases";
import {
  type Asked,
  CONFIGURATION,
  base,
  family,
  fleet,
  fleetOf,
  known,
  machines,
  site,
  vips,
} from "../../support/fleet";
import { registered } from "../../support/mocked";
import { find, isSecret, runOf } from "../../support/referenceSite";

const COMMAND = "command:local:Command";
const services = released(site.services.slice(0, 2));
const { release } = services[0] as (typeof services)[0];
const make = (specs = machines.web, by = fleet, slurm?: WebArgs["slurm"]) =>
  registered(
    () =>
      new Web("web", {
        entry: {},
        fleet: by,
        specs,
        services,
        redis: { host: vips.data, port: 6379, password: pulumi.secret("the password") },
        database: {
          host: vips.data,
          port: 3306,
          name: "portal",
          user: "portal",
          password: pulumi.secret("the database's password"),
          ready: pulumi.output("ready"),
        },
        slurm,
        ca: "the CA",
        nodeExporter: { port: 9100, vcpus: 4 },
      }),
  );

const base64 = (text: string) => Buffer.from(text).toString("base64");

describe("Web", () => {
  it("is its machines with a gate each, one configuration, and the first user's password", async () => {
    const made = await make();
    expect(family(made)).toEqual([
      "web > web-admin random:index/randomPassword:RandomPassword",
      `web > web-config ${CONFIGURATION}`,
      "web > web-releases hpc-ha:web:Releases",
      ...[1, 2].flatMap((n) => [
        `web > web-web${n} hpc-ha:machine:Machine`,
        `web > web-web${n}-gate ${CONFIGURATION}`,
      ]),
      "web hpc-ha:web:Web",
      `web-releases > web-releases-${release.id} ${COMMAND}`,
      `web-releases > web-releases-layer ${COMMAND}`,
    ]);
    expect(find(made, "web-admin").inputs).toEqual({ length: 20, special: false });
  });

  it("configures all nodes the same way, whatever their number: another one changes nothing of the first", async () => {
    const wanted = async (specs = machines.web) =>
      find(await make(specs), "web-config").inputs["wanted"] as Record<string, string>;
    const two = await wanted();
    expect(Object.keys(two)).toEqual(["web1", "web2"]);
    const { web1 } = await wanted(machines.web.slice(0, 1));
    expect(web1).toBe(two["web1"]);
  });

  it("tells a node its services, and where and how they reach the data tier", async () => {
    const made = await make();
    expect(isSecret(find(made, "web-config").inputs["request"])).toBe(true);
    const file = "/etc/ssl/site-ca.pem";
    const vars = runOf(made, "web-config").vars;
    const of = ({ environment }: { environment: string }) =>
      Buffer.from(environment, "base64").toString().split("\n");
    const told = vars["web_services"] as { name: string; environment: string }[];
    expect(vars).toEqual({
      ...base("web"),
      web_root: "/opt/hpc-dashboard",
      web_releases: [{ id: release.id, request: base64(JSON.stringify(release)) }],
      web_services: ["auth_portal", "auth_frontend"].map((name) => ({
        name,
        release: release.id,
        environment: expect.any(String) as string,
      })),
      web_ca: "the CA",
      web_ca_file: file,
      node_exporter_port: 9100,
      // Nobody watches.
      node_exporter_units: [],
      node_exporter_writers: {},
      node_exporter_vcpus: 4,
    });
    expect(told.map(of)).toEqual(
      [
        { name: "auth_portal", port: 4430, path: "/auth" },
        { name: "auth_frontend", port: 4431, path: "/" },
      ].map(({ name, port, path }) => [
        `BASE_PATH="${path}"`,
        `DB_CA="${file}"`,
        'DB_HOST="192.168.1.102"',
        'DB_NAME="portal"',
        `DB_PASSWORD="the database's password"`,
        'DB_PORT="3306"',
        'DB_USER="portal"',
        `PORT="${port}"`,
        'PORTAL_ADMIN_PASSWORD="secret-web-admin"',
        'PORTAL_ADMIN_USER="admin"',
        `REDIS_CA="${file}"`,
        'REDIS_HOST="192.168.1.102"',
        'REDIS_PASSWORD="the password"',
        'REDIS_PORT="6379"',
        `SERVICE="${name}"`,
        `START="node --max-old-space-size=64 portal.js ${name}"`,
        "",
      ]),
    );
  });

  it("tells one of them, and no other, where Slurm is asked for its users", async () => {
    const secret = pulumi.secret("the portal's secret");
    const slurm = {
      service: "auth_frontend",
      url: "http://192.168.1.102:6820",
      api: "v0.0.38",
      secret,
    };
    const vars = runOf(await make(machines.web, fleet, slurm), "web-config").vars;
    const lines = (vars["web_services"] as { environment: string }[]).map(({ environment }) =>
      Buffer.from(environment, "base64")
        .toString()
        .split("\n")
        .filter((line) => line.startsWith("SLURM")),
    );
    expect(lines).toEqual([
      [],
      [
        'SLURM_REST_API="v0.0.38"',
        `SLURM_REST_SECRET="the portal's secret"`,
        'SLURM_REST_URL="http://192.168.1.102:6820"',
      ],
    ]);
  });

  it("makes what they run once for all of them, before a node is configured", async () => {
    const made = await make();
    const commands = made.filter(({ parent }) => parent === "web-releases");
    const [command, layer, ...others] = commands;
    expect(others).toEqual([]);
    expect(layer).toMatchObject({
      inputs: {
        create: "node --import tsx programs/layer.ts",
        update: "node --import tsx programs/layer.ts",
        stdin: JSON.stringify({ releases: [release] }),
      },
      dependsOn: [command?.name],
    });
    expect(command?.inputs).toMatchObject({
      create: "node --import tsx programs/release.ts",
      stdin: JSON.stringify(release),
    });
    expect(find(made, "web-config").dependsOn).toContain(command?.name);
  });

  it("has the nodes wait for something that a preview knows, so that it shows what they are told", async () => {
    const seen: string[] = [];
    await registered(async () => {
      const { made, layer } = new Releases("of", { releases: [release], layer: false });
      seen.push(...(await Promise.all(made.map(known))));
      expect(layer).toBeUndefined();
    });
    expect(seen).toEqual([expect.stringMatching(`^urn:pulumi:.*::of-${release.id}$`)]);
  });

  it("has new nodes come with what they run, where the driver can give it to them", async () => {
    const of = async (layers: boolean) => {
      const asked: Asked[] = [];
      const own = fleetOf(true, asked);
      const made = await make(machines.web, { ...own, driver: { ...own.driver, layers } });
      const layer = asked.find(({ name }) => name === "web")?.layer;
      return [made.some(({ name }) => name === "web-releases-layer"), layer !== undefined];
    };
    expect([await of(true), await of(false)]).toEqual([
      [true, true],
      [false, false],
    ]);
  });

  it("takes the place of what 0.1 called WebPool", async () => {
    expect(find(await make(), "web").aliases).toEqual(["hpc-ha:web:WebPool::web"]);
  });
});
