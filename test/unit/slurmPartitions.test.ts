import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { describe, expect, it } from "vitest";
import { jobSubmit } from "../../components/slurm/files";
import { slurmFaults } from "../support/slurmConfig";
import { compute, gpu, text, told } from "../support/slurmTold";

describe("partitions", () => {
  const nodeGroups = [compute, gpu];

  it("have groups, limits and keys of their own", () => {
    const partitions = [
      { name: "main", groups: ["compute"], default: true },
      { name: "gpu", groups: ["gpu"], maxTime: "1-0", options: { PriorityTier: 5 } },
    ];
    expect(told({ nodeGroups, partitions }).slurm_partitions).toEqual([
      "PartitionName=main Nodes=compute1,compute2 Default=YES DefaultTime=1:00:00 MaxTime=7-0 State=UP",
      "PartitionName=gpu Nodes=gpu[01-40] Default=NO DefaultTime=1:00:00 MaxTime=1-0 State=UP PriorityTier=5",
    ]);
  });

  it.each<[string, object[], RegExp]>([
    [
      "an unknown group",
      [{ name: "a", groups: ["compute", "cpu"] }],
      /^slurm.partitions.0.groups: no group "cpu"/,
    ],
    [
      "nodes that are in none",
      [{ name: "a", groups: ["compute"] }],
      /^slurm.partitions: the nodes of group "gpu" are in none/,
    ],
    ["no default", [{ name: "a" }, { name: "b" }], /^slurm.partitions: none is the default/],
    [
      "two defaults",
      [
        { name: "a", default: true },
        { name: "b", default: true },
      ],
      /a and b is the default/,
    ],
    [
      "two of a name",
      [{ name: "a", default: true }, { name: "a" }],
      /^slurm.partitions.1.name = "a": another/,
    ],
    ["Slurm's own name", [{ name: "default" }], /Slurm's own word/],
    ["no time", [{ name: "a", maxTime: "a week" }], /maxTime = "a week": a time of Slurm/],
    [
      "keys of this program",
      [{ name: "a", options: { Nodes: "ALL" } }],
      /options.Nodes = "ALL": groups says it/,
    ],
  ])("with %s are refused", (_, partitions, message) => {
    expect(slurmFaults({ nodeGroups, partitions })).toContainEqual(expect.stringMatching(message));
  });
});

describe("files of the owner's", () => {
  const dir = mkdtempSync(path.join(tmpdir(), "hpc-ha-slurm-files-"));
  const write = (name: string, content: string) => {
    writeFileSync(path.join(dir, name), content);
    return path.join(dir, name);
  };
  const lua = "function slurm_job_submit(a)\nend\nfunction slurm_job_modify(a)\n t = {{1}}\nend\n";

  it("reach the controllers and the nodes byte for byte, and slurm.conf names them", () => {
    const script = '#!/bin/bash\necho "${#a[@]} 한"\n';
    const files = { jobSubmit: write("a.lua", lua), prolog: write("prolog", script) };
    const { slurm_beside, slurm_scripts, slurm_options } = told({ files });
    expect(text(slurm_beside["job_submit.lua"])).toContain(`[=[\n${lua}\n]=]`);
    expect(text(slurm_scripts["Prolog"])).toBe(script);
    expect(slurm_options["JobSubmitPlugins"]).toBe("lua");
  });

  it("come after the look whether the controllers know the user, whatever is in them", () => {
    expect(jobSubmit("a = [=[b]=]\nreturn 0")).toMatch(
      /^assert\(.*\(\[==\[\na = \[=\[b\]=\]\nreturn 0\n\]==\], "@job_submit.lua"\)\)\(\)\n/,
    );
    // Also where there are none.
    const { slurm_beside, slurm_options } = told({});
    expect(text(slurm_beside["job_submit.lua"])).toMatch(
      /if job.user_name == nil then[^]*is not known to the controllers/,
    );
    expect(slurm_options["JobSubmitPlugins"]).toBe("lua");
  });

  it.each<[string, object, RegExp]>([
    [
      "not there",
      { jobSubmit: "/nowhere.lua" },
      /^slurm.files.jobSubmit = .*must be a readable file/,
    ],
    [
      "no job_submit.lua",
      { jobSubmit: write("b.lua", "return 1") },
      /must have the function slurm_job_submit/,
    ],
    ["no script", { epilog: write("epilog", "echo") }, /must begin with #!/],
    [
      "without the mount point",
      { cgroup: write("cgroup.conf", "ConstrainCores=yes") },
      /must have CgroupMountpoint/,
    ],
  ])("%s is refused", (_, files, message) => {
    expect(slurmFaults({ files })).toContainEqual(expect.stringMatching(message));
  });

  it("do not say of GPUs what the groups say too", () => {
    const files = { gres: write("gres.conf", "Name=gpu") };
    expect(slurmFaults({ files, nodeGroups: [gpu] })).toEqual([
      expect.stringMatching(/not with files of gres/),
    ]);
  });
});
