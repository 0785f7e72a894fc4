import { describe, expect, it } from "vitest";
import { factsOf } from "../../components/facts";
import { firewall, plan } from "../../components/house";
import { rest, restUnits, restVars } from "../../components/slurm/rest";
import { slurmVars } from "../../components/slurm";
import { tiers } from "../../components/tiers";
import { admits } from "../support/admits";
import { cluster } from "../support/cluster";
import { configOf } from "../support/referenceSite";
import { parsed } from "../support/site";

const kim = { name: "kim", uid: 2001 };
const asks = { enabled: true, portal: { users: { admin: "kim" } } };
/** The reference site with other values. */
const site = (slurm: object, changes: object = {}) => {
  const base = configOf("prod");
  return parsed({ ...base, users: { local: [kim] }, slurm, ...changes });
};
const faults = (slurm: object, changes?: object): string[] => {
  try {
    site(slurm, changes);
    return [];
  } catch (error) {
    return (error as { faults: string[] }).faults;
  }
};

describe("Slurm's REST API in the config", () => {
  it("is off, and slurm.conf, firewall and units are as if there was none", () => {
    const config = site({});
    expect(config.slurm.rest).toEqual({ enabled: false, tokenSeconds: 86400 });
    expect(slurmVars(cluster, "key")["slurm_options"]).not.toHaveProperty("AuthAltTypes");
    expect(factsOf(config, plan(config)).slurmRest).toBeUndefined();
    expect(restVars(rest.parse({}), "debian", config.ports, { jwt: "", portal: "" })).toEqual({
      slurm_rest_key_file: "/etc/slurm/jwt.key",
    });
    const rules = firewall(config);
    expect(admits(rules, "controllers", 6820, "192.168.1.151")).toBe(false);
    expect(admits(rules, "entry", 6820, "192.168.1.21")).toBe(false);
  });

  it("lets the entry alone ask, and web nodes only at the entry, for the portal", () => {
    const all = (slurm: object) => {
      const rules = firewall(site(slurm));
      const [haproxy, web, compute] = ["192.168.1.151", "192.168.1.21", "192.168.1.161"] as const;
      const from = [haproxy, web, compute];
      return {
        rest: from.map((address) => admits(rules, "controllers", 6820, address)),
        tokens: from.map((address) => admits(rules, "controllers", 6821, address)),
        entry: from.map((address) => admits(rules, "entry", 6820, address)),
      };
    };
    const none = [false, false, false];
    const first = [true, false, false];
    expect(all({ rest: { enabled: true } })).toEqual({ rest: first, tokens: none, entry: none });
    const portal = { rest: first, tokens: first, entry: [false, true, false] };
    expect(all({ rest: asks })).toEqual(portal);
  });

  it("has slurmctld take tokens, no longer than the site wants, signed with a key of the controllers", () => {
    const on = { ...cluster, slurm: { ...cluster.slurm, rest: rest.parse({ enabled: true }) } };
    expect(slurmVars(on, "key")["slurm_options"]).toMatchObject({
      AuthAltTypes: "auth/jwt",
      AuthAltParameters: "jwt_key=/etc/slurm/jwt.key,max_token_lifespan=86400",
    });
    const vars = restVars(rest.parse(asks), "debian", cluster.ports, {
      jwt: "the key",
      portal: "secret",
    });
    expect(vars).toMatchObject({
      slurm_rest: {
        port: 6820,
        options: "-s openapi/v0.0.38,openapi/dbv0.0.38",
        tokens_port: 6821,
      },
      slurm_rest_key: "the key",
    });
    const portal = Buffer.from(String(vars["slurm_rest_portal"]), "base64").toString();
    expect(JSON.parse(portal)).toEqual({ secret: "secret", users: { admin: "kim" }, seconds: 300 });
  });

  it("is a unit of the controllers that status and doctor know, and tokens another", () => {
    const units = (slurm: object) => {
      const config = site(slurm);
      return tiers.controllers.units(factsOf(config, plan(config)));
    };
    const usual = units({});
    expect(units({ rest: { enabled: true } })).toEqual([...usual, "slurmrestd"]);
    expect(units({ rest: asks })).toEqual([...usual, "slurmrestd", "slurm-tokens"]);
    expect(restUnits({})).toEqual([]);
  });

  const service = (change: object) => ({
    services: [
      { name: "dashboard", port: 5173, path: "/", source: { path: "." }, start: "x", ...change },
    ],
  });
  it.each([
    [{ rest: { portal: asks.portal } }, {}, /^slurm.rest.portal: needs slurm.rest.enabled$/],
    [{ rest: { enabled: true, tokenSeconds: 5 } }, {}, /^slurm.rest.tokenSeconds = 5: /],
    [
      { rest: { enabled: true }, options: { authalttypes: "auth/jwt" } },
      {},
      /^slurm.options.authalttypes: this program's own, slurm.rest says it/,
    ],
    [
      { rest: { enabled: true } },
      service({ path: "/slurm/docs" }),
      /^services.0.path = "\/slurm\/docs": is Slurm's own with slurm.rest/,
    ],
    [
      { rest: { enabled: true } },
      service({ name: "slurm_rest" }),
      /^services.0.name = "slurm_rest": a name of HAProxy's own with slurm.rest/,
    ],
    [
      { rest: { enabled: true, portal: { service: "dash", users: { admin: "kim" } } } },
      service({}),
      /^slurm.rest.portal.service = "dash": no such service; there are dashboard/,
    ],
    [
      { rest: asks },
      service({ environment: { SLURM_REST_SECRET: "mine" } }),
      /^services.0.environment.SLURM_REST_SECRET: is set by the platform/,
    ],
    [
      { rest: { enabled: true, portal: { users: {} } } },
      {},
      /^slurm.rest.portal.users: must name somebody/,
    ],
    [
      { rest: { enabled: true, portal: { users: { admin: "lee" } } } },
      {},
      /^slurm.rest.portal.users.admin = "lee": must be in users.local, as there is no users.ldap/,
    ],
    [
      { rest: { enabled: true, portal: { users: { admin: "slurm" } } } },
      {},
      /^slurm.rest.portal.users.admin = "slurm": must be no user of Debian's/,
    ],
    [
      { rest: { enabled: true } },
      { ports: { slurmrestd: 6819 } },
      /^ports.(slurmdbd|slurmrestd) = 6819: already ports.(slurmdbd|slurmrestd) on the machines of controllers/,
    ],
  ])("refuses %j with %j", (slurm, changes, message) => {
    expect(faults(slurm, changes)).toEqual([expect.stringMatching(message)]);
  });

  it("minds neither its paths nor its names where it is off", () => {
    expect(faults({}, service({ path: "/slurm" }))).toEqual([]);
    expect(faults({}, service({ name: "slurm_rest" }))).toEqual([]);
    expect(faults({ options: { AuthAltTypes: "auth/jwt" } })).toEqual([]);
  });
});
