/** Rooms of the house from the ground up: a file may import from its own room and from those that are named. */
const rooms = {
  lib: [],
  plan: ["lib"],
  portal: [],
  haproxy: ["plan", "lib"],
  releases: ["lib"],
  programs: ["releases", "haproxy", "plan", "lib"],
  rollout: ["plan", "lib"],
  drivers: ["programs", "plan", "lib"],
  policy: ["plan", "lib"],
  "slurm-ha": ["lib"],
  toolchain: ["lib"],
  components: [
    "slurm-ha",
    "drivers",
    "rollout",
    "programs",
    "releases",
    "haproxy",
    "policy",
    "portal",
    "plan",
    "lib",
  ],
  image: ["components", "drivers", "releases", "toolchain", "lib"],
  site: ["components", "drivers", "rollout", "plan", "lib"],
  autoscaler: ["site", "components", "rollout", "haproxy", "plan", "lib"],
  cli: [
    "autoscaler",
    "site",
    "components",
    "drivers",
    "rollout",
    "haproxy",
    "toolchain",
    "plan",
    "lib",
  ],
};

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    {
      name: "no-circle",
      comment:
        "Files that need each other are one thing in two places. Types do not count: the list of tiers has their types, " +
        "and a tier reads the config's, which is made from the list.",
      severity: "error",
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } },
    },
    ...Object.entries(rooms).map(([room, below]) => ({
      name: `${room}-down`,
      comment: "Arrows go down.",
      severity: "error",
      from: { path: `^${room}/` },
      to: {
        pathNot: [`^(${[room, ...below].join("|")})/`, "node_modules", "^sdks/"],
        dependencyTypes: ["local"],
      },
    })),
    {
      name: "tier-apart",
      comment: "The plan is handed the list of tiers: it knows none by name.",
      severity: "error",
      from: { path: "^(plan|drivers|rollout|lib)/" },
      to: { path: "^components/" },
    },
    {
      name: "not-to-tests",
      severity: "error",
      from: { pathNot: "^(test|dev)/" },
      to: { path: "^(test|dev)/" },
    },
    {
      name: "no-orphan",
      comment: "Nobody would miss it.",
      severity: "error",
      from: { orphan: true, pathNot: ["\\.d\\.ts$", "^test/", "\\.config\\.", "\\.cjs$"] },
      to: {},
    },
    {
      name: "no-dev-dependency-at-run-time",
      comment: "`npm ci --omit=dev` must leave what `pulumi up`, its set-up and `npx hpc` need.",
      severity: "error",
      from: {
        path: `^(index|lib|plan|haproxy|programs|releases|rollout|drivers|policy|components|site|autoscaler|cli|toolchain|image|portal|slurm-ha|dev/(lab|previewOffline))`,
      },
      to: { dependencyTypes: ["npm-dev"], dependencyTypesNot: ["type-only", "npm"] },
    },
  ],
  options: {
    doNotFollow: { path: ["node_modules", "sdks"] },
    // What was built from the rooms. Not of packages: most of them are in a directory of that name.
    exclude: { path: ["^[\\w-]+/dist/"] },
    tsPreCompilationDeps: "specify",
    tsConfig: { fileName: "tsconfig.json" },
  },
};
