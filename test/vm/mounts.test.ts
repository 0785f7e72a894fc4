/** Homes on a file server: what mounts NFS needs a kernel that can. The share's machine serves them here, too. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { CIDR } from "./hypervisors";
import { baseConfig, baseState, configure, Site, stack } from "./site";

const SERVER = "198.18.3.12";
const EXPORT = "/srv/home";
const EXPORTS = "/etc/exports.d/test.exports";
const kim = { name: "kim", uid: 2001, fullName: "김철수" };
let site: Site;

beforeAll(async () => {
  const base = await baseState();
  const line = `${EXPORT} ${CIDR}(rw,sync,no_root_squash,no_subtree_check)`;
  await base.on("nfs-srv", `mkdir -p ${EXPORT} && echo '${line}' >${EXPORTS} && exportfs -ra`);
  const { members, sizes } = await baseConfig();
  const { compute, ...others } = sizes as Record<string, object>;
  await configure({
    members: { ...(members as object), login: 1 },
    sizes: { ...others, compute, login: { ...compute, vcpus: 1 } },
    mounts: [{ source: `${SERVER}:${EXPORT}`, target: "/home" }],
    firewall: { allow: [{ tier: "share", port: 2049, from: [CIDR] }] },
    users: { local: [kim] },
  });
  await stack.up();
  site = new Site(await stack.outputs());
});
afterAll(async () => {
  site = await baseState();
  await site.on("nfs-srv", `rm -rf ${EXPORTS} ${EXPORT} && exportfs -ra`);
});

it("a job's output is where its user looks for it", async () => {
  const submit = 'sbatch --parsable --wait --time=5 --wrap "hostname; pwd"';
  const job = await site.on("client", `su - kim -c '${submit}'`);
  const output = `/home/kim/slurm-${job}.out`;
  expect(await site.on("client", `stat --format=%U ${output}; cat ${output}`)).toBe(
    "kim\ncompute1\n/home/kim",
  );
});

it("a mount that leaves the config is unmounted", async () => {
  site = await baseState();
  expect(await site.on("compute1", "findmnt -no SOURCE /home || echo none")).toBe("none");
});
