import { z } from "zod";
import { label } from "../../plan/config";
import { isSystemUser, type LocalUser } from "../users/local";
import type { Options } from "./options";
import { packagesOf, type SlurmPackagesName } from "./packages";

/** An account of the portal; Redis and its table take what is no control character (portal/database.ts). */
const account = z.string().regex(/^\P{Cc}{1,64}$/u, "1 to 64 characters");

/** Slurm's REST API: slurmrestd on both controllers, for users behind the entry at /slurm/ and /slurmdb/. */
export const rest = z
  .strictObject({
    /** Default: nobody asks Slurm over HTTP. */
    enabled: z.boolean().default(false),
    /** How long a token that a user makes (`scontrol token`) is good at most, s. Default a day. */
    tokenSeconds: z.int().min(60).max(31_536_000).default(86_400),
    /** A web service that asks Slurm for its users. Default: none, and nobody gets tokens but by `scontrol token`. */
    portal: z
      .strictObject({
        /** Name of the service. Default: the dashboard of the sample portal. */
        service: label.default("dashboard"),
        /** As which user of the cluster it asks for an account of its own; for others it cannot ask. */
        users: z.record(account, z.string().min(1)),
      })
      .optional(),
  })
  .prefault({});
export type Rest = z.infer<typeof rest>;

/** Serves the REST API; asks slurmctld and slurmdbd with the token of each request. */
const SLURMRESTD = "slurmrestd";
/** Makes tokens for the portal. */
const SLURM_TOKENS = "slurm-tokens";

/** Units of the controllers for it. */
export const restUnits = ({ slurmRest }: { slurmRest?: { portal: boolean } }): string[] =>
  slurmRest ? [SLURMRESTD, ...(slurmRest.portal ? [SLURM_TOKENS] : [])] : [];

/** What the portal's service is told: where it asks, by which version of the API, and the secret by which it is known there. */
export const PORTAL_VARIABLES = ["SLURM_REST_URL", "SLURM_REST_API", "SLURM_REST_SECRET"] as const;

/** What tokens are signed with; on the controllers only. */
const KEY_FILE = "/etc/slurm/jwt.key";
/** A token of the portal's is good for so long, s: more than a page takes, and soon nothing worth in wrong hands. */
const PORTAL_TOKEN_SECONDS = 300;

/** Paths that slurmrestd has. */
const PATHS = ["slurm", "slurmdb"];
/** Sections of haproxy.cfg for it. */
const SECTIONS = ["slurm_rest", "slurm_tokens", "slurm_portal"];

/** Lines of slurm.conf and slurmdbd.conf by which both take tokens. */
export const restOptions = ({ enabled, tokenSeconds }: Rest): Options =>
  enabled
    ? {
        AuthAltTypes: "auth/jwt",
        AuthAltParameters: `jwt_key=${KEY_FILE},max_token_lifespan=${tokenSeconds}`,
      }
    : {};

/** What only a site with it tells its controllers; ansible/roles/slurm_rest describes it. */
export function restVars(
  { enabled, portal }: Rest,
  packages: SlurmPackagesName,
  ports: { slurmrestd: number; slurmTokens: number },
  keys: { jwt: string; portal: string },
): Record<string, unknown> {
  // Where there is none any more it goes from there.
  const file = { slurm_rest_key_file: KEY_FILE };
  if (!enabled) return file;
  return {
    ...file,
    slurm_rest: {
      port: ports.slurmrestd,
      options: packagesOf(packages).rest.options,
      ...(portal && { tokens_port: ports.slurmTokens }),
    },
    slurm_rest_key: keys.jwt,
    ...(portal && {
      // Base64: Ansible takes no account's name for a template of its own.
      slurm_rest_portal: Buffer.from(
        JSON.stringify({
          secret: keys.portal,
          users: portal.users,
          seconds: PORTAL_TOKEN_SECONDS,
        }),
      ).toString("base64"),
    }),
  };
}

/** What of the config it stands on. */
interface Around {
  options: Options;
  services?: { name: string; path: string; environment: Record<string, string> }[] | undefined;
  users?: { local: LocalUser[]; ldap?: unknown } | undefined;
}

/** Faults of it, and of what it takes. */
export function restFaults({ enabled, portal }: Rest, around: Around): string[] {
  const { options, services = [], users } = around;
  if (!enabled) return portal ? ["slurm.rest.portal: needs slurm.rest.enabled"] : [];
  const own = Object.keys(restOptions(rest.parse({ enabled })));
  return [
    ...Object.keys(options)
      .filter((key) => own.some((name) => name.toLowerCase() === key.toLowerCase()))
      .map((key) => `slurm.options.${key}: this program's own, slurm.rest says it`),
    ...services.flatMap(({ name, path }, i) => [
      ...(PATHS.includes(path.split("/")[1] ?? "")
        ? [`services.${i}.path = "${path}": is Slurm's own with slurm.rest`]
        : []),
      ...(SECTIONS.includes(name)
        ? [`services.${i}.name = "${name}": a name of HAProxy's own with slurm.rest`]
        : []),
    ]),
    ...(portal ? portalFaults(portal, services, users) : []),
  ];
}

function portalFaults(
  { service, users: accounts }: NonNullable<Rest["portal"]>,
  services: NonNullable<Around["services"]>,
  users: Around["users"],
): string[] {
  const at = "slurm.rest.portal";
  const number = services.findIndex(({ name }) => name === service);
  const names = services.map(({ name }) => name).join(", ");
  const local = users?.local.map(({ name }) => name) ?? [];
  return [
    ...(number < 0 ? [`${at}.service = "${service}": no such service; there are ${names}`] : []),
    ...PORTAL_VARIABLES.filter((name) => name in (services[number]?.environment ?? {})).map(
      (name) => `services.${number}.environment.${name}: is set by the platform`,
    ),
    ...(Object.keys(accounts).length === 0 ? [`${at}.users: must name somebody`] : []),
    ...Object.entries(accounts).flatMap(([account, user]) => {
      if (isSystemUser(user)) {
        return [`${at}.users.${account} = "${user}": must be no user of Debian's`];
      }
      return local.includes(user) || users === undefined || users.ldap !== undefined
        ? []
        : [`${at}.users.${account} = "${user}": must be in users.local, as there is no users.ldap`];
    }),
  ];
}
