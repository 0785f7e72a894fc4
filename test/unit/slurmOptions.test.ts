import { describe, expect, it } from "vitest";
import { chosenOptions, optionFaults, options } from "../../components/slurm/options";
import { purge, purgeOptions } from "../../components/slurm/purge";

const SITE = { proctrack: "proctrack/cgroup", topology: false, enforce: [], mibPerCpu: 1000 };

describe("slurm.conf where the owner says nothing", () => {
  const chosen = chosenOptions({}, SITE);

  it("is what a site would choose", () => {
    expect(chosen).toMatchObject({
      EnforcePartLimits: "ALL",
      PropagateResourceLimitsExcept: "MEMLOCK,NOFILE",
      MpiDefault: "pmix",
      SlurmctldParameters: "enable_configless",
    });
    expect(Number(chosen["MaxArraySize"])).toBeGreaterThan(2000);
    expect(Number(chosen["MaxJobCount"])).toBeGreaterThan(Number(chosen["MaxArraySize"]));
  });

  it("has containers of jobs and X11 only where there are control groups", () => {
    expect(chosen["PrologFlags"]).toBe("Contain,X11");
    const without = { ...SITE, proctrack: "proctrack/linuxproc" };
    expect(chosenOptions({}, without)).not.toHaveProperty("PrologFlags");
    // What a login goes into.
    expect(chosenOptions({}, { ...without, nodeLogin: true })["PrologFlags"]).toBe("Contain");
  });

  it("gives jobs that ask for no memory their share of a node, unless the owner says it by node", () => {
    expect(chosen["DefMemPerCPU"]).toBe("1000");
    expect(chosenOptions({ DefMemPerNode: "500" }, SITE)).not.toHaveProperty("DefMemPerCPU");
  });

  it("enforces no accounts", () => {
    expect(chosen).not.toHaveProperty("AccountingStorageEnforce");
    expect(chosen).not.toHaveProperty("PriorityType");
  });

  it("enforces what the owner names", () => {
    const chosen = chosenOptions({}, { ...SITE, enforce: ["limits", "qos"] });
    expect(chosen["AccountingStorageEnforce"]).toBe("limits,qos");
  });
});

describe("slurm.options", () => {
  it("come before the defaults, however they are written", () => {
    const own = options.parse({ maxarraysize: 5, PriorityType: "priority/multifactor", X: true });
    const chosen = chosenOptions(own, SITE);
    expect(chosen).toMatchObject({
      MaxArraySize: "5",
      PriorityType: "priority/multifactor",
      X: "YES",
    });
    expect(chosen).not.toHaveProperty("maxarraysize");
  });

  it("add to what this program needs", () => {
    const own = { SlurmctldParameters: "idle_on_node_suspend,enable_configless" };
    expect(chosenOptions(own, SITE)["SlurmctldParameters"]).toBe(
      "enable_configless,idle_on_node_suspend",
    );
  });

  it.each([
    ["StateSaveLocation", "/tmp", /^slurm.options.StateSaveLocation = "\/tmp": this program's own/],
    ["AccountingStorageEnforce", "all", /slurm.enforce says it/],
    ["slurmctldhost", "m1", /the controller is the machine that has the Slurm VIP/],
    ["MessageTimeout", "60", /failoverPatience says it/],
    ["PartitionName", "x", /slurm.partitions says it/],
    ["Include", "/etc/more.conf", /every key is in slurm.options/],
  ])("%s is refused, with the reason", (key, value, message) => {
    expect(optionFaults({ [key]: value }, { jobSubmit: false })).toEqual([
      expect.stringMatching(message),
    ]);
  });

  it("are refused twice, and without what a file of the owner's needs", () => {
    const twice = { MaxArraySize: "5", maxarraysize: "6" };
    expect(optionFaults(twice, { jobSubmit: false })).toEqual([
      expect.stringMatching(/it is there twice/),
    ]);
    const lua = { JobSubmitPlugins: "throttle" };
    expect(optionFaults(lua, { jobSubmit: true })).toEqual([expect.stringMatching(/have lua/)]);
    expect(optionFaults(lua, { jobSubmit: false })).toEqual([]);
    const nodes = { jobSubmit: false, nodeLogin: true };
    expect(optionFaults({ PrologFlags: "X11" }, nodes)).toEqual([
      'slurm.options.PrologFlags = "X11": must have Contain, since slurm.nodeLogin is true',
    ]);
    expect(optionFaults({ PrologFlags: "contain,X11" }, nodes)).toEqual([]);
  });

  it.each([
    { "a b": "1" },
    { Weight: "1\nUser=root" },
    { Weight: "" },
    { Weight: "1 # no" },
    { X: "{{ secret }}" },
  ])("%o is no line of slurm.conf", (own) => {
    expect(options.safeParse(own).success).toBe(false);
  });
});

describe("slurm.purge", () => {
  it("keeps what is never to go, and has an age for all else", () => {
    const lines = purgeOptions(purge.parse({ job: "never", step: "30days" }));
    expect(lines).toMatchObject({ PurgeStepAfter: "30days", PurgeEventAfter: "24months" });
    expect(lines).not.toHaveProperty("PurgeJobAfter");
  });

  it.each(["0days", "3 years", "12"])("%s is no age", (job) => {
    expect(purge.safeParse({ job }).success).toBe(false);
  });
});
